// The applications that wait for a key, as far as the person at the page may decide.

import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { api, RequestError } from '../api/client'
import type { PluginMessage } from '../api/types'
import { useSession } from './session'

export interface AccessRequest {
  token: string
  app: string
  address: string
}

interface Pending {
  app_id: string
  user_token: string
  remote_address: string
}

const PLUGIN = 'appkeys'

export const useRequests = defineStore('requests', () => {
  const session = useSession()
  const waiting = shallowRef<AccessRequest[]>([])
  /** How often one of them ended. */
  const ended = shallowRef(0)
  const mayGrant = computed(() => session.may('PLUGIN_APPKEYS_GRANT'))

  async function load(): Promise<void> {
    if (!mayGrant.value) return
    const { pending } = await api.get<{ pending: Record<string, Pending> }>('/api/plugin/appkeys')
    waiting.value = Object.values(pending).map(({ app_id, user_token, remote_address }) => ({
      app: app_id, token: user_token, address: remote_address,
    }))
  }

  /** What the server pushes. */
  function take(message: PluginMessage): void {
    if (message.plugin !== PLUGIN) return
    const data = message.data as Record<string, string>
    const others = waiting.value.filter((one) => one.token !== data.user_token)
    const added = { token: data.user_token ?? '', app: data.app_name ?? '', address: data.remote_address ?? '' }
    waiting.value = data.type === 'request_access' ? [...others, added] : others
    if (data.type === 'end_request') ended.value += 1
  }

  /** Decides; one that ended meanwhile is gone from the page as well. */
  async function decide(token: string, decision: boolean): Promise<void> {
    try {
      await api.post(`/plugin/appkeys/decision/${encodeURIComponent(token)}`, { decision })
    } catch (error) {
      if (!(error instanceof RequestError) || error.status !== 404) throw error
    }
    waiting.value = waiting.value.filter((one) => one.token !== token)
  }

  return { waiting, ended, mayGrant, load, take, decide }
})
