// What belongs to the person at the page: the sessions, and the keys of applications.

import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api } from '../api/client'
import type { ApplicationKeyRecord, SessionRecord } from '../api/types'

const SESSIONS = '/api/v1/account/sessions'
const KEYS = '/api/v1/account/keys'

export const useAccount = defineStore('account', () => {
  const sessions = shallowRef<SessionRecord[] | null>(null)
  const keys = shallowRef<ApplicationKeyRecord[] | null>(null)

  async function loadSessions(): Promise<void> {
    sessions.value = (await api.get<{ sessions: SessionRecord[] }>(SESSIONS)).sessions
  }

  async function endSession(id: string): Promise<void> {
    await api.delete(`${SESSIONS}/${encodeURIComponent(id)}`)
    await loadSessions()
  }

  async function endOthers(): Promise<void> {
    await api.delete(SESSIONS)
    await loadSessions()
  }

  async function loadKeys(): Promise<void> {
    keys.value = (await api.get<{ keys: ApplicationKeyRecord[] }>(KEYS)).keys
  }

  /** The new key, which is never told again; it ends by itself after that many days. */
  async function makeKey(app: string, days: number | null): Promise<string> {
    const { key } = await api.post<{ key: string }>(KEYS, { app, days })
    await loadKeys()
    return key
  }

  async function revokeKey(id: string): Promise<void> {
    await api.delete(`${KEYS}/${encodeURIComponent(id)}`)
    await loadKeys()
  }

  return { sessions, keys, loadSessions, endSession, endOthers, loadKeys, makeKey, revokeKey }
})
