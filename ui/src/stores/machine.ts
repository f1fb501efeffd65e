// The machine that the page shows: a copy of what the server pushes, and what can be asked of the machine.
// Invariants: the copy is kept, and said to be old, while the server is away; nothing here waits for a machine.

import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api, encodePath } from '../api/client'
import { PushSocket } from '../api/socket'
import type {
  CurrentMessage,
  EventMessage,
  JobRecord,
  MachineDetails,
  MachineRecord,
  MachineStateRecord,
  PluginMessage,
  ProgressRecord,
  PushedTemperaturePoint,
  ResumeOffer,
  TemperaturePoint,
  WireRecord,
} from '../api/types'
import { kindOf, wordOf, type StateKind } from '../lib/states'
import { useSession } from './session'

const KEPT_LINES = 1000
const WINDOW = 30 * 60
/** s of the temperature chart. */

const NO_STATE: MachineStateRecord = {
  text: 'Offline',
  flags: {
    operational: false, printing: false, cancelling: false, pausing: false, resuming: false, finishing: false,
    paused: false, ready: false, error: false, closedOrError: true,
  },
  error: '',
}
const NO_PROGRESS: ProgressRecord = {
  completion: null, filepos: null, printTime: null, printTimeLeft: null, printTimeLeftOrigin: null,
}
const NO_JOB: JobRecord = {
  file: { name: null, path: null, display: null, origin: null, size: null, date: null },
  user: null,
}

export type Link = 'connecting' | 'open' | 'lost'

export const useMachine = defineStore('machine', () => {
  const session = useSession()
  /** The id in the base path; null for the default machine. */
  const chosen = ref<string | null>(null)
  const base = computed(() => (chosen.value === null ? '' : `/machines/${encodeURIComponent(chosen.value)}`))

  const link = ref<Link>('connecting')
  const lostAt = ref<Date | null>(null)
  const state = shallowRef(NO_STATE)
  const job = shallowRef(NO_JOB)
  const progress = shallowRef(NO_PROGRESS)
  const progressAt = ref(0)
  const currentZ = ref<number | null>(null)
  const temperatures = shallowRef<TemperaturePoint[]>([])
  const logs = shallowRef<string[]>([])
  const logCount = ref(0)
  const details = shallowRef<MachineDetails | null>(null)
  const machines = shallowRef<MachineRecord[]>([])
  const lastEvent = shallowRef<EventMessage | null>(null)

  let socket: PushSocket | null = null
  const listeners = new Set<(event: EventMessage) => void>()
  const pluginListeners = new Set<(message: PluginMessage) => void>()

  const kind = computed<StateKind>(() => {
    const found = kindOf(state.value.text)
    return details.value?.reachable === false && found !== 'fault' ? 'offline' : found
  })
  const word = computed(() => wordOf(state.value.text))
  const flags = computed(() => state.value.flags)
  const hasJob = computed(() => flags.value.printing || flags.value.paused)
  const fileSelected = computed(() => job.value.file.path !== null)
  const name = computed(() => named(details.value?.name || id.value))
  const id = computed(() => details.value?.id ?? chosen.value ?? 'default')
  const heaters = computed(() => temperatures.value.at(-1)?.heaters ?? {})
  const profile = computed(() => details.value?.profile ?? null)

  // --- what the server pushes --------------------------------------------------------------------------------------

  function open(): void {
    close()
    link.value = 'connecting'
    socket = new PushSocket(`${base.value}/sockjs/websocket`, session.credentials, {
      opened: () => {
        link.value = 'open'
        lostAt.value = null
      },
      lost: () => {
        if (link.value !== 'lost') lostAt.value = new Date()
        link.value = 'lost'
      },
      message: (message) => {
        if (message.history) takeHistory(message.history)
        if (message.current) takeCurrent(message.current)
        if (message.event) takeEvent(message.event)
        if (message.plugin) for (const listener of pluginListeners) listener(message.plugin)
      },
    })
    socket.open()
    void refreshMachines()
  }

  function close(): void {
    socket?.close()
    socket = null
  }

  function takeHistory(message: CurrentMessage): void {
    temperatures.value = []
    logs.value = []
    takeCurrent(message)
    void refreshMachines()
  }

  function takeCurrent(message: CurrentMessage): void {
    state.value = message.state
    job.value = message.job
    progress.value = message.progress
    progressAt.value = performance.now()
    currentZ.value = message.currentZ
    if (message.machine) details.value = message.machine
    if (message.temps.length > 0) temperatures.value = windowed([...temperatures.value, ...message.temps.map(asPoint)])
    if (message.logs && message.logs.length > 0) {
      logs.value = [...logs.value, ...message.logs].slice(-KEPT_LINES)
      logCount.value += message.logs.length
    }
  }

  function takeEvent(event: EventMessage): void {
    lastEvent.value = event
    for (const listener of listeners) listener(event)
  }

  /** Has `listener` called at each event; the answer ends that. */
  function onEvent(listener: (event: EventMessage) => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** Has `listener` called at each message of a plugin; the answer ends that. */
  function onPlugin(listener: (message: PluginMessage) => void): () => void {
    pluginListeners.add(listener)
    return () => pluginListeners.delete(listener)
  }

  async function refreshMachines(): Promise<void> {
    try {
      const found = await api.get<{ machines: MachineRecord[]; default: string | null }>('/api/v1/machines')
      machines.value = found.machines
      const first = found.machines[0]
      if (chosen.value === null && found.default === null && first) {
        choose(first.id) // the default machine is not for this user
        return
      }
      details.value ??= machines.value.find((one) => one.id === id.value) ?? machines.value[0] ?? null
    } catch {
      // the push channel says when the server is away
    }
  }

  function choose(machineId: string): void {
    chosen.value = machineId
    void session.lookAt(base.value)
    reset()
    open()
  }

  function reset(): void {
    state.value = NO_STATE
    job.value = NO_JOB
    progress.value = NO_PROGRESS
    temperatures.value = []
    logs.value = []
    details.value = null
  }

  // --- what can be asked of the machine ----------------------------------------------------------------------------

  const post = (path: string, body: unknown) => api.post(`${base.value}${path}`, body)

  const actions = {
    connect: (port?: string, baudrate?: number, save = false, autoconnect?: boolean) =>
      post('/api/connection', { command: 'connect', port, baudrate, save, autoconnect }),
    disconnect: () => post('/api/connection', { command: 'disconnect' }),
    start: () => post('/api/job', { command: 'start' }),
    pause: () => post('/api/job', { command: 'pause', action: 'pause' }),
    resume: () => post('/api/job', { command: 'pause', action: 'resume' }),
    cancel: () => post('/api/job', { command: 'cancel' }),
    select: (path: string, print = false) =>
      post(`/api/files/local/${encodePath(path)}`, { command: 'select', print }),
    unselect: () => post('/api/files/local/current', { command: 'unselect' }),
    jog: (axes: Record<string, number>) => post('/api/printer/printhead', { command: 'jog', ...axes }),
    home: (axes: string[]) => post('/api/printer/printhead', { command: 'home', axes }),
    extrude: (amount: number) => post('/api/printer/tool', { command: 'extrude', amount }),
    setTool: (heater: string, target: number) =>
      post('/api/printer/tool', { command: 'target', targets: { [heater]: target } }),
    setBed: (target: number) => post('/api/printer/bed', { command: 'target', target }),
    setTarget: (heater: string, target: number) =>
      heater.startsWith('tool') ? actions.setTool(heater, target) : actions.setBed(target),
    feedRate: (factor: number) => post('/api/printer/printhead', { command: 'feedrate', factor }),
    flowRate: (factor: number) => post('/api/printer/tool', { command: 'flowrate', factor }),
    send: (lines: string[], force = false) => post('/api/printer/command', { commands: lines, force }),
    emergencyStop: () => api.post(`/api/v1/machines/${encodeURIComponent(id.value)}/emergency-stop`),
    attend: () => api.post(`/api/v1/machines/${encodeURIComponent(id.value)}/attend`),
    answerPrompt: (choice: number) => post('/api/plugin/action_command_prompt', { command: 'select', choice }),
    clearNotifications: () => post('/api/plugin/action_command_notification', { command: 'clear' }),
    resumeOffer: (query: string) =>
      api.get<ResumeOffer>(`/api/v1/machines/${encodeURIComponent(id.value)}/interrupted${query && `?${query}`}`),
    resumeInterrupted: (body: Record<string, unknown>) =>
      api.post(`/api/v1/machines/${encodeURIComponent(id.value)}/interrupted/resume`, body),
    readWire: () => api.get<WireRecord>(`/api/v1/machines/${encodeURIComponent(id.value)}/wire`),
    dismissInterrupted: () => api.post(`/api/v1/machines/${encodeURIComponent(id.value)}/interrupted/dismiss`),
  }

  return {
    chosen, base, link, lostAt, state, job, progress, progressAt, currentZ, temperatures, logs, logCount, details,
    machines, lastEvent, kind, word, flags, hasJob, fileSelected, name, id, heaters, profile,
    open, close, choose, onEvent, onPlugin, refreshMachines, takeCurrent, takeHistory, ...actions,
  }
})

/** A machine that nobody gave a name yet. */
const named = (name: string) => (name === 'default' ? 'Machine' : name)

function asPoint(point: PushedTemperaturePoint): TemperaturePoint {
  const { time, ...heaters } = point
  return { time, heaters: heaters as TemperaturePoint['heaters'] }
}

function windowed(points: TemperaturePoint[]): TemperaturePoint[] {
  const newest = points.at(-1)?.time ?? 0
  return points.filter((point) => point.time >= newest - WINDOW)
}
