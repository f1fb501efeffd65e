import { describe, expect, it } from 'vitest'
import type { GroupRecord, PermissionRecord } from '../src/api/types'
import { containing, keyFor, sourcesOf, topics } from '../src/lib/permissions'

const permission = (key: string, plugin?: string): PermissionRecord => ({ key, name: key, description: '', dangerous: false, plugin })
const ALL = ['ADMIN', 'STATUS', 'PRINT', 'FILES_LIST'].map((key) => permission(key))

function group(key: string, permissions: string[], subgroups: string[] = []): GroupRecord {
  const flags = { default: false, removable: true, changeable: true, toggleable: true, dangerous: false }
  return { key, name: key, description: '', permissions, subgroups, ...flags }
}

describe('where permissions come from', () => {
  const groups = [group('look', ['STATUS']), group('work', ['PRINT'], ['look']), group('boss', ['ADMIN'])]

  it('names every way, the direct one and those through groups', () => {
    const found = sourcesOf({ permissions: ['STATUS'], groups: ['work', 'look'] }, groups, ALL)
    expect(found.get('PRINT')).toEqual([{ path: ['work'], byAdmin: false, machines: [] }])
    expect(found.get('STATUS')?.map(({ path }) => path)).toEqual([[], ['work', 'look'], ['look']])
    expect(found.has('FILES_LIST')).toBe(false)
  })

  it('has everything follow from ADMIN that is not given otherwise', () => {
    const found = sourcesOf({ permissions: ['PRINT'], groups: ['boss'] }, groups, ALL)
    expect([...found.keys()].sort()).toEqual(['ADMIN', 'FILES_LIST', 'PRINT', 'STATUS'])
    expect(found.get('FILES_LIST')).toEqual([{ path: ['boss'], byAdmin: true, machines: [] }])
    expect(found.get('PRINT')).toEqual([{ path: [], byAdmin: false, machines: [] }])
  })

  it('holds on some machines what is limited to them, and never what concerns the installation', () => {
    const all: PermissionRecord[] = [
      { ...permission('ADMIN'), scope: 'installation' }, { ...permission('SETTINGS'), scope: 'installation' },
      { ...permission('PRINT'), scope: 'machine' }, { ...permission('FILES_LIST'), scope: 'shared' },
    ]
    const machines = { groups: { boss: ['left'] }, permissions: { PRINT: ['right'] } }
    const found = sourcesOf({ permissions: ['PRINT'], groups: ['boss'], machines }, groups, all)
    expect(found.get('PRINT')).toEqual([{ path: [], byAdmin: false, machines: ['right'] }])
    expect(found.get('FILES_LIST')).toEqual([{ path: ['boss'], byAdmin: true, machines: [] }])
    expect([...found.keys()].sort()).toEqual(['FILES_LIST', 'PRINT'])
  })

  it('ends where groups contain each other or are not there', () => {
    const round = [group('a', ['STATUS'], ['b', 'gone']), group('b', ['PRINT'], ['a'])]
    const found = sourcesOf({ permissions: [], groups: ['a'] }, round, ALL)
    expect(found.get('PRINT')).toEqual([{ path: ['a', 'b'], byAdmin: false, machines: [] }])
    expect(found.get('STATUS')).toEqual([{ path: ['a'], byAdmin: false, machines: [] }])
  })
})

describe('groups in groups', () => {
  it('knows which groups lead to a group', () => {
    const groups = [group('a', [], ['b']), group('b', [], ['c']), group('c', []), group('d', [])]
    expect([...containing('c', groups)].sort()).toEqual(['a', 'b', 'c'])
    expect([...containing('d', groups)]).toEqual(['d'])
  })

  it('makes a key of a name', () => {
    expect(keyFor('  Makers of the Würfel, 2nd ')).toBe('makers_of_the_wurfel_2nd')
  })
})

describe('topics', () => {
  it('has every permission in one of them', () => {
    const all = [...ALL, permission('PLUGIN_ACTION_COMMAND_PROMPT_INTERACT', 'action_command_prompt'), permission('PLUGIN_X_Y', 'x')]
    const found = topics(all)
    expect(found.flatMap((topic) => topic.permissions)).toHaveLength(all.length)
    expect(found.map(({ name }) => name)).toEqual(['machine', 'files', 'host', 'more'])
  })
})
