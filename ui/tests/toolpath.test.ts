import { describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type Ref } from 'vue'
import type { JobFile } from '../src/api/types'
import type { Link } from '../src/stores/machine'
import { useToolpath } from '../src/toolpath/useToolpath'

/** Workers that were started, each to be answered by the test. */
const workers: { onmessage: ((event: { data: unknown }) => void) | null }[] = []

class FakeWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null
  constructor() {
    workers.push(this)
  }
  postMessage = vi.fn()
  terminate = vi.fn()
}

function loading(size: number): { link: Ref<Link>; problem: Ref<string> } {
  workers.length = 0
  vi.stubGlobal('Worker', FakeWorker)
  const file = ref({ name: 'a.gcode', path: 'a.gcode', display: 'a.gcode', origin: 'local', size, date: 1 } as JobFile)
  const link = ref<Link>('open')
  const made = effectScope().run(() => useToolpath(file, ref(''), link))
  if (!made) throw new Error('the scope did not run')
  return { link, problem: made.problem }
}

describe('the path of a file', () => {
  it('is read again when a lost server is back', async () => {
    const { link, problem } = loading(100)
    workers[0]?.onmessage?.({ data: { error: 'Failed to fetch' } })
    expect(problem.value).toBe('Failed to fetch')
    link.value = 'lost'
    await nextTick()
    expect(workers).toHaveLength(1)
    link.value = 'open'
    await nextTick()
    expect(workers).toHaveLength(2)
    expect(problem.value).toBe('')
  })

  it('is not read again when it is there, or too large', async () => {
    for (const size of [100, 200_000_000]) {
      const { link } = loading(size)
      const before = workers.length
      link.value = 'lost'
      await nextTick()
      link.value = 'open'
      await nextTick()
      expect(workers).toHaveLength(before)
    }
  })
})
