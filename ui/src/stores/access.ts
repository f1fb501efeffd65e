// Users, groups and keys: everybody's for an administrator, one's own for everybody.

import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api } from '../api/client'
import type { GroupRecord, PermissionRecord, UserRecord } from '../api/types'

interface Users {
  users: UserRecord[]
}

interface Groups {
  groups: GroupRecord[]
}

export interface NewUser {
  name: string
  password: string
  groups: string[]
}

export type UserPart = Partial<Pick<UserRecord, 'groups' | 'permissions' | 'active' | 'machines'>>
export type GroupPart = Pick<GroupRecord, 'permissions' | 'subgroups' | 'description' | 'default'>

const USERS = '/api/access/users'
const GROUPS = '/api/access/groups'
const userPath = (name: string) => `${USERS}/${encodeURIComponent(name)}`
const groupPath = (key: string) => `${GROUPS}/${encodeURIComponent(key)}`

export const useAccess = defineStore('access', () => {
  const users = shallowRef<UserRecord[]>([])
  const groups = shallowRef<GroupRecord[]>([])
  const permissions = shallowRef<PermissionRecord[]>([])

  const takeUsers = (answer: Users) => void (users.value = answer.users)
  const takeGroups = (answer: Groups) => void (groups.value = answer.groups)

  async function load(): Promise<void> {
    const [people, kinds, rights] = await Promise.all([
      api.get<Users>(USERS),
      api.get<Groups>(GROUPS),
      api.get<{ permissions: PermissionRecord[] }>('/api/access/permissions'),
    ])
    takeUsers(people)
    takeGroups(kinds)
    permissions.value = rights.permissions
  }

  const loadUsers = () => api.get<Users>(USERS).then(takeUsers)

  const add = (user: NewUser) => api.post<Users>(USERS, { ...user, active: true }).then(takeUsers)
  const change = (name: string, part: UserPart) => api.put<Users>(userPath(name), part).then(takeUsers)
  const remove = (name: string) => api.delete<Users>(userPath(name)).then(takeUsers)

  const addGroup = (key: string, name: string, part: GroupPart) => api.post<Groups>(GROUPS, { key, name, ...part }).then(takeGroups)
  const changeGroup = (key: string, part: Partial<GroupPart>) => api.put<Groups>(groupPath(key), part).then(takeGroups)

  /** Its members are in it no longer. */
  async function removeGroup(key: string): Promise<void> {
    takeGroups(await api.delete<Groups>(groupPath(key)))
    await loadUsers()
  }

  const own = (name: string) => api.get<UserRecord>(userPath(name))

  /** `current` is the old password; an administrator needs none for others. */
  const setPassword = (name: string, password: string, current?: string) =>
    api.put(`${userPath(name)}/password`, { password, current })

  const newKey = (name: string) => api.post<{ apikey: string }>(`${userPath(name)}/apikey`)
  const revokeKey = (name: string) => api.delete(`${userPath(name)}/apikey`)

  return {
    users, groups, permissions, load, loadUsers, add, change, remove, addGroup, changeGroup, removeGroup, own, setPassword,
    newKey, revokeKey,
  }
})
