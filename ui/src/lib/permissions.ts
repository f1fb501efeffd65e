// What follows from grants: who may do what, and through which groups. The server decides; this explains.

import type { GroupRecord, PermissionRecord, Scopes } from '../api/types'

export const ADMIN = 'ADMIN'

/** Whoever is given permissions and groups: a user, or a group with its subgroups. */
export interface Holder {
  permissions: readonly string[]
  groups: readonly string[]
  machines?: Scopes
}

/** Where a permission comes from. */
export interface Source {
  /** The groups that lead to it, none where it was given directly. */
  path: readonly string[]
  /** It is not given itself, but follows from ADMIN. */
  byAdmin: boolean
  /** The machines that it holds on; none: on all. */
  machines: readonly string[]
}

export type Sources = Map<string, Source[]>

/** Every permission that a holder has, with all the ways it comes. Groups that contain each other are gone through once. */
export function sourcesOf(holder: Holder, groups: readonly GroupRecord[], all: readonly PermissionRecord[]): Sources {
  const byKey = new Map(groups.map((group) => [group.key, group]))
  const admin: Source[] = []
  const found: Sources = new Map()

  function give(permission: string, source: Source): void {
    if (permission === ADMIN) admin.push(source)
    const reached = reach(source, all.find((one) => one.key === permission)?.scope)
    if (reached) found.set(permission, [...(found.get(permission) ?? []), reached])
  }
  function walk(key: string, before: readonly string[], machines: readonly string[]): void {
    const group = byKey.get(key)
    if (!group || before.includes(key)) return
    const path = [...before, key]
    for (const permission of group.permissions) give(permission, { path, byAdmin: false, machines })
    for (const subgroup of group.subgroups) walk(subgroup, path, machines)
  }

  for (const key of holder.permissions) give(key, { path: [], byAdmin: false, machines: holder.machines?.permissions[key] ?? [] })
  for (const key of holder.groups) walk(key, [], holder.machines?.groups[key] ?? [])
  return withAdmin(found, admin, all)
}

/** How far a permission reaches: one of the whole installation is not had for some machines, a shared one is had for all. */
function reach(source: Source, scope: PermissionRecord['scope']): Source | null {
  if (source.machines.length === 0 || scope === 'machine' || scope === undefined) return source
  return scope === 'shared' ? { ...source, machines: [] } : null
}

/** ADMIN implies whatever was not given in another way. */
function withAdmin(found: Sources, admin: readonly Source[], all: readonly PermissionRecord[]): Sources {
  for (const { key, scope } of all) {
    if (found.has(key)) continue
    const implied = admin.map((source) => reach({ ...source, byAdmin: true }, scope)).filter((source) => source !== null)
    if (implied.length) found.set(key, implied)
  }
  return found
}

/** The groups that a group would contain itself through: they cannot become its subgroups. */
export function containing(key: string, groups: readonly GroupRecord[]): Set<string> {
  const found = new Set([key])
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const group of groups) if (group.subgroups.some((one) => found.has(one))) found.add(group.key)
  }
  return found
}

const TOPICS: readonly [topic: string, belongs: (record: PermissionRecord) => boolean][] = [
  ['host', ({ key }) => [ADMIN, 'SETTINGS', 'SETTINGS_READ', 'SYSTEM'].includes(key)],
  ['files', ({ key }) => key.startsWith('FILES_')],
  ['timelapses', ({ key }) => key.startsWith('TIMELAPSE_')],
  ['machine', ({ key, plugin }) => !plugin || key.startsWith('PLUGIN_ACTION_COMMAND_')],
  ['more', () => true],
]
const ORDER = ['machine', 'files', 'timelapses', 'host', 'more']

export interface Topic {
  name: string
  permissions: PermissionRecord[]
}

/** The permissions in the order in which people look for them. */
export function topics(all: readonly PermissionRecord[]): Topic[] {
  const topicOf = (record: PermissionRecord) => TOPICS.find(([, belongs]) => belongs(record))?.[0]
  return ORDER.map((name) => ({ name, permissions: all.filter((record) => topicOf(record) === name) })).filter(
    ({ permissions }) => permissions.length > 0,
  )
}

/** A key for a group of this name, as other groups have it: lower-case letters, digits and underscores. */
export function keyFor(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
}
