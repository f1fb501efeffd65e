// Files on their way to the host: one after the other, each with its progress, each can be cancelled and tried again.
// One that would take another's place waits, if the settings want that, until a person says so.

import { defineStore } from 'pinia'
import { computed, reactive, ref } from 'vue'
import { api, messageOf, RequestError } from '../api/client'
import { upload, type RunningUpload } from '../api/upload'
import { useFiles } from './files'
import { useMachine } from './machine'
import { useMessages } from './messages'
import { useSettings } from './settings'

export interface UploadItem {
  id: number
  file: File
  folder: string
  print: boolean
  sent: number
  total: number
  /** Whether it may take another file's place. */
  replaces: boolean
  state: 'waiting' | 'asking' | 'sending' | 'storing' | 'done' | 'failed'
  error: string
}

/** ms for which a finished upload stays in the list. */
const SHOWN = 4000

export const useUploads = defineStore('uploads', () => {
  const machine = useMachine()
  const files = useFiles()
  const messages = useMessages()
  const settings = useSettings()
  const items = ref<UploadItem[]>([])
  const running = new Map<number, RunningUpload>()
  let count = 0
  let busy = false

  const active = computed(() => items.value.filter((item) => item.state !== 'done'))

  function add(chosen: Iterable<File>, folder: string, print = false): void {
    for (const file of chosen) {
      count += 1
      items.value.push(
        reactive({
          id: count, file, folder, print, sent: 0, total: file.size, state: 'waiting', error: '',
          replaces: !settings.feature.uploadOverwriteConfirmation,
        }),
      )
    }
    void work()
  }

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    let next = nextItem()
    while (next) {
      if (await mayGo(next)) await send(next)
      next = nextItem()
    }
    busy = false
  }

  function nextItem(): UploadItem | undefined {
    return items.value.find((item) => item.state === 'waiting')
  }

  /** Whether nothing of the same name is there, or may be replaced; otherwise a person is asked. */
  async function mayGo(item: UploadItem): Promise<boolean> {
    if (item.replaces) return true
    try {
      const place = { command: 'exists', storage: 'local', path: item.folder, filename: item.file.name }
      const found = await api.post<{ exists: boolean }>(`${machine.base}/api/files/test`, place)
      if (found.exists) item.state = 'asking'
    } catch (error) {
      failed(item, error)
    }
    return item.state === 'waiting'
  }

  /** Lets a file take the place of the one that has its name. */
  function replace(id: number): void {
    const item = items.value.find((one) => one.id === id)
    if (!item) return
    Object.assign(item, { replaces: true, state: 'waiting' })
    void work()
  }

  async function send(item: UploadItem): Promise<void> {
    item.state = 'sending'
    const run = upload(item.file, {
      folder: item.folder,
      print: item.print,
      base: machine.base,
      progress: (sent, total) => {
        item.sent = sent
        item.total = total
        if (sent >= total) item.state = 'storing'
      },
    })
    running.set(item.id, run)
    try {
      const result = await run.result
      item.state = 'done'
      if (item.print && !result.effectivePrint)
        messages.say('info', `${item.file.name} is stored. It was not started, since the machine is not ready.`)
      setTimeout(() => drop(item.id), SHOWN)
      await files.load().catch(() => undefined)
    } catch (error) {
      failed(item, error)
    } finally {
      running.delete(item.id)
    }
  }

  function failed(item: UploadItem, error: unknown): void {
    if (error instanceof RequestError && error.status === -1) {
      drop(item.id)
      return
    }
    item.state = 'failed'
    item.error = messageOf(error)
  }

  function cancel(id: number): void {
    const run = running.get(id)
    if (run) run.cancel()
    else drop(id)
  }

  function again(id: number): void {
    const item = items.value.find((one) => one.id === id)
    if (!item) return
    Object.assign(item, { state: 'waiting', sent: 0, error: '' })
    void work()
  }

  function drop(id: number): void {
    items.value = items.value.filter((item) => item.id !== id)
  }

  return { items, active, add, cancel, again, replace }
})
