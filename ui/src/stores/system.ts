// The computer: what is known of it, how full it is, its logs, and the programs that may be started.

import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { address, api } from '../api/client'
import type { LogList, LogRecord, Space, SystemCommand, SystemFacts } from '../api/types'

const LOGS = '/plugin/logging/logs'

export const useSystem = defineStore('system', () => {
  const facts = shallowRef<SystemFacts>({})
  const usage = shallowRef<Record<string, Space>>({})
  const commands = shallowRef<SystemCommand[]>([])
  const logs = shallowRef<LogRecord[]>([])

  async function load(): Promise<void> {
    const [info, folders, programs] = await Promise.all([
      api.get<{ systeminfo: SystemFacts }>('/api/system/info'),
      api.get<{ usage: Record<string, Space> }>('/api/system/usage'),
      api.get<Record<string, SystemCommand[]>>('/api/system/commands'),
    ])
    facts.value = info.systeminfo
    usage.value = folders.usage
    commands.value = Object.values(programs).flat()
  }

  async function loadLogs(): Promise<void> {
    logs.value = (await api.get<LogList>(LOGS)).files
  }

  async function removeLog(name: string): Promise<void> {
    await api.delete(`${LOGS}/${encodeURIComponent(name)}`)
    await loadLogs()
  }

  const logAddress = (name: string) => address(`/downloads/logs/${encodeURIComponent(name)}`)
  const bundleAddress = () => address('/downloads/systeminfo.zip')

  /** Starts a program; `force` does it although a job ends by it. */
  const start = (command: SystemCommand, force: boolean) =>
    api.post(`/api/system/commands/${command.source}/${encodeURIComponent(command.action)}`, force ? { force } : undefined)

  return { facts, usage, commands, logs, load, loadLogs, removeLog, logAddress, bundleAddress, start }
})
