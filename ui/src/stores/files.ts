// The stored files: the whole tree as last told, and the folder that is looked into.

import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { api, encodePath } from '../api/client'
import type { FileEntry, FileList } from '../api/types'
import { useMachine } from './machine'
import { useSettings } from './settings'

const FOLDER = 'mrdraw.folder'

export type SortKey = 'name' | 'date' | 'size'

export const useFiles = defineStore('files', () => {
  const machine = useMachine()
  const settings = useSettings()
  const root = shallowRef<FileEntry[]>([])
  const free = ref<number | null>(null)
  const loaded = ref(false)
  const folder = ref(localStorage.getItem(FOLDER) ?? '')
  const search = ref('')
  const sort = ref<SortKey>('date')

  const entries = computed(() => sorted(search.value ? found() : (childrenOf(folder.value) ?? []), sort.value))
  const all = computed(() => flat(root.value))
  const newest = computed(() => sorted(all.value, 'date').slice(0, 4))

  /** The folder is kept in this browser, as long as the settings want that. */
  watch([folder, () => settings.record], ([now, record]) => {
    if (record?.feature.rememberFileFolder) localStorage.setItem(FOLDER, now)
    else if (record) localStorage.removeItem(FOLDER)
  })

  function childrenOf(path: string): FileEntry[] | null {
    let level: FileEntry[] | undefined = root.value
    for (const part of path.split('/').filter(Boolean)) {
      level = level?.find((entry) => entry.type === 'folder' && entry.name === part)?.children
    }
    return level ?? null
  }

  function found(): FileEntry[] {
    const wanted = search.value.toLowerCase()
    return all.value.filter((entry) => entry.display.toLowerCase().includes(wanted))
  }

  async function load(): Promise<void> {
    const list = await api.get<FileList>(`${machine.base}/api/files?recursive=true`)
    root.value = list.files
    free.value = list.free
    loaded.value = true
    while (folder.value && childrenOf(folder.value) === null) folder.value = parent(folder.value)
  }

  async function remove(path: string): Promise<void> {
    await api.delete(`${machine.base}/api/files/local/${encodePath(path)}`)
    await load()
  }

  return { root, free, loaded, folder, search, sort, entries, all, newest, load, remove }
})

export function parent(path: string): string {
  return path.split('/').slice(0, -1).join('/')
}

function flat(entries: FileEntry[]): FileEntry[] {
  return entries.flatMap((entry) => (entry.type === 'folder' ? flat(entry.children ?? []) : [entry]))
}

const ORDER: Record<SortKey, (a: FileEntry, b: FileEntry) => number> = {
  name: (a, b) => a.display.localeCompare(b.display, undefined, { numeric: true }),
  date: (a, b) => (b.date ?? 0) - (a.date ?? 0) || a.display.localeCompare(b.display),
  size: (a, b) => (b.size ?? 0) - (a.size ?? 0),
}

function sorted(entries: FileEntry[], key: SortKey): FileEntry[] {
  const folderFirst = (entry: FileEntry) => (entry.type === 'folder' ? 0 : 1)
  return [...entries].sort((a, b) => folderFirst(a) - folderFirst(b) || ORDER[key](a, b))
}
