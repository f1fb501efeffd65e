// The settings, as far as the page needs them.

import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { api } from '../api/client'
import type { SettingsRecord } from '../api/types'
import { useMachine } from './machine'

export const useSettings = defineStore('settings', () => {
  const machine = useMachine()
  const record = shallowRef<SettingsRecord | null>(null)
  const loaded = ref(false)

  async function load(): Promise<void> {
    record.value = await api.get<SettingsRecord>(`${machine.base}/api/settings`)
    loaded.value = true
  }

  async function change(part: unknown): Promise<void> {
    record.value = await api.post<SettingsRecord>(`${machine.base}/api/settings`, part)
  }

  async function renewGlobalKey(): Promise<void> {
    await api.post('/api/settings/apikey')
    await load()
  }

  async function switchOffGlobalKey(): Promise<void> {
    await api.delete('/api/settings/apikey')
    await load()
  }

  return { record, loaded, load, change, renewGlobalKey, switchOffGlobalKey }
})
