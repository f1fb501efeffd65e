"""Log-in with a provider of OpenID Connect (docs/sign-on.md)."""
