// Users, groups and keys: everybody's for an administrator, one's own for everybody.

import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api } from '../api/client'
import type { GroupRecord, UserRecord } from '../api/types'

interface Users {
  users: UserRecord[]
}

const USERS = '/api/access/users'
const path = (name: string) => `${USERS}/${encodeURIComponent(name)}`

export const useAccess = defineStore('access', () => {
  const users = shallowRef<UserRecord[]>([])
  const groups = shallowRef<GroupRecord[]>([])

  async function load(): Promise<void> {
    const [people, kinds] = await Promise.all([
      api.get<Users>(USERS),
      api.get<{ groups: GroupRecord[] }>('/api/access/groups'),
    ])
    users.value = people.users
    groups.value = kinds.groups
  }

  async function add(name: string, password: string, chosen: string[]): Promise<void> {
    users.value = (await api.post<Users>(USERS, { name, password, active: true, groups: chosen })).users
  }

  async function change(name: string, part: { groups?: string[]; active?: boolean }): Promise<void> {
    users.value = (await api.put<Users>(path(name), part)).users
  }

  async function remove(name: string): Promise<void> {
    users.value = (await api.delete<Users>(path(name))).users
  }

  const own = (name: string) => api.get<UserRecord>(path(name))

  /** `current` is the old password; an administrator needs none for others. */
  const setPassword = (name: string, password: string, current?: string) =>
    api.put(`${path(name)}/password`, { password, current })

  const newKey = (name: string) => api.post<{ apikey: string }>(`${path(name)}/apikey`)
  const revokeKey = (name: string) => api.delete(`${path(name)}/apikey`)

  return { users, groups, load, add, change, remove, own, setPassword, newKey, revokeKey }
})
