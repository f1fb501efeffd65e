// What people prove themselves with beside the password: an authenticator app with recovery codes, passkeys.

import { defineStore } from 'pinia'
import { api } from '../api/client'
import type { FactorsRecord, PasskeyRecord, SecondFactorRecord } from '../api/types'
import { makePasskey, type CreationOptions } from '../lib/passkeys'

interface Codes {
  recoveryCodes: string[]
}

const FACTOR = '/api/v1/account/second-factor'
const PASSKEYS = '/api/v1/account/passkeys'
const passkey = (id: string) => `${PASSKEYS}/${encodeURIComponent(id)}`
const user = (name: string) => `/api/v1/users/${encodeURIComponent(name)}`

export const useFactors = defineStore('factors', () => {
  const secondFactor = () => api.get<SecondFactorRecord>(FACTOR)
  const begin = () => api.post<{ secret: string; uri: string }>(FACTOR)
  const confirm = async (code: string) => (await api.post<Codes>(`${FACTOR}/confirm`, { code })).recoveryCodes
  const renewCodes = async () => (await api.post<Codes>(`${FACTOR}/recovery-codes`)).recoveryCodes
  const switchOff = () => api.delete(FACTOR)

  const passkeys = () => api.get<{ passkeys: PasskeyRecord[]; unavailable: string | null }>(PASSKEYS)

  async function addPasskey(name: string): Promise<void> {
    const { publicKey } = await api.post<CreationOptions>(`${PASSKEYS}/challenge`)
    await api.post(PASSKEYS, { name, credential: await makePasskey(publicKey) })
  }

  const renamePasskey = (id: string, name: string) => api.patch(passkey(id), { name })
  const removePasskey = (id: string) => api.delete(passkey(id))

  const ofUser = (name: string) => api.get<FactorsRecord>(`${user(name)}/factors`)
  const switchOffOf = (name: string) => api.delete(`${user(name)}/second-factor`)
  const removePasskeysOf = (name: string) => api.delete(`${user(name)}/passkeys`)

  return {
    secondFactor, begin, confirm, renewCodes, switchOff, passkeys, addPasskey, renamePasskey, removePasskey, ofUser, switchOffOf, removePasskeysOf,
  }
})
