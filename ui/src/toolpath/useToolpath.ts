// The path of the file that the page shows: loaded in a worker, once for each version of a file.

import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { address, encodePath } from '../api/client'
import type { JobFile } from '../api/types'
import type { Link } from '../stores/machine'
import type { Toolpath } from './parse'
import type { Told } from './worker'

/** bytes up to which a file's path is shown; reading more would cost a phone too much. */
export const LARGEST = 160_000_000

/** `link` is how the server is reached: what could not be read when it was lost is read again when it is back. */
export function useToolpath(file: Ref<JobFile>, base: Ref<string>, link: Ref<Link>) {
  const path = shallowRef<Toolpath | null>(null)
  const loading = ref(false)
  const read = ref(0)
  const problem = ref('')
  let worker: Worker | null = null

  function stop(): void {
    worker?.terminate()
    worker = null
    loading.value = false
  }

  function load(): void {
    stop()
    path.value = null
    problem.value = ''
    read.value = 0
    const { path: name, origin, size, date } = file.value
    if (name === null || origin !== 'local') return
    if ((size ?? 0) > LARGEST) {
      problem.value = 'too-large'
      return
    }
    loading.value = true
    worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = (event: MessageEvent<Told>) => take(event.data)
    worker.postMessage({ address: `${address(`${base.value}/downloads/files/local/${encodePath(name)}`)}?v=${date ?? 0}` })
  }

  function take(told: Told): void {
    if ('read' in told) {
      read.value = told.read
      return
    }
    if ('path' in told) path.value = told.path
    else problem.value = told.error
    stop()
  }

  watch(() => [file.value.path, file.value.date, file.value.size, base.value].join('\n'), load, { immediate: true })
  watch(link, (now) => {
    if (now === 'open' && problem.value !== '' && problem.value !== 'too-large') load()
  })
  onScopeDispose(stop)
  return { path, loading, read, problem, reload: load }
}
