"""Being found in the network: by mDNS and by SSDP (contract, section 11)."""
