// The settings, as far as the page needs them.

import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api } from '../api/client'
import type { Appearance, Feature, SettingsRecord } from '../api/types'
import { useMachine } from './machine'
import { useSession } from './session'

/** What holds for those who may not read the settings. */
const FEATURE: Feature = {
  temperatureGraph: true,
  keyboardControl: true,
  rememberFileFolder: false,
  printStartConfirmation: false,
  printCancelConfirmation: true,
  uploadOverwriteConfirmation: true,
  fileDeleteConfirmation: true,
  enableDragDropUpload: true,
}

export const useSettings = defineStore('settings', () => {
  const machine = useMachine()
  const session = useSession()
  const record = shallowRef<SettingsRecord | null>(null)
  const loaded = ref(false)
  const feature = computed(() => record.value?.feature ?? FEATURE)
  const hasCamera = computed(() => Boolean(record.value?.webcam?.webcamEnabled && record.value.webcam.snapshotUrl))
  const appearance = computed<Appearance>(
    () => record.value?.appearance ?? { name: session.hostName, color: 'default', showFahrenheitAlso: false },
  )

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

  return { record, loaded, feature, appearance, hasCamera, load, change, renewGlobalKey, switchOffGlobalKey }
})
