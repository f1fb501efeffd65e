// Who did what from where: what was looked for, and the pages of it that were read so far.

import { defineStore } from 'pinia'
import { reactive, ref, shallowRef } from 'vue'
import { address, api } from '../api/client'
import type { AuditEntry, AuditPage } from '../api/types'

const PATH = '/api/v1/audit'
const DAY = 24 * 3600

/** The beginning of a day as unix s; `days` later than what was chosen. */
function startOf(date: string, days = 0): number | null {
  const at = new Date(`${date}T00:00`)
  return date && Number.isFinite(at.getTime()) ? at.getTime() / 1000 + days * DAY : null
}

export const useAudit = defineStore('audit', () => {
  const entries = shallowRef<AuditEntry[]>([])
  const next = ref<number | null>(null)
  const days = ref<number | null>(null)
  const known = ref(false)
  const wanted = reactive({ text: '', user: '', action: null as string | null, outcome: null as string | null, machine: null as string | null, from: '', to: '' })
  let asked = 0

  function query(more: Record<string, string | number | null> = {}): string {
    const { from, to, ...rest } = wanted
    const all = { ...rest, from: startOf(from), to: startOf(to, 1), ...more }
    const said = Object.entries(all).filter(([, value]) => value !== null && value !== '')
    return `${PATH}?${new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString()}`
  }

  /** Reads what is looked for, from the newest on; of several at once the last one counts. */
  async function load(): Promise<void> {
    asked += 1
    const mine = asked
    const page = await api.get<AuditPage>(query())
    if (mine !== asked) return
    entries.value = page.entries
    next.value = page.next
    days.value = page.days
    known.value = true
  }

  async function loadMore(): Promise<void> {
    const mine = asked
    const page = await api.get<AuditPage>(query({ before: next.value }))
    if (mine !== asked) return
    entries.value = [...entries.value, ...page.entries]
    next.value = page.next
  }

  const fileAddress = (format: 'csv' | 'jsonl') => address(query({ format }))

  return { entries, next, days, known, wanted, load, loadMore, fileAddress }
})
