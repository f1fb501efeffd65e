// What was measured on a wire, in words: who kept whom waiting, and the figures behind it.

import type { WireFigures, WireRecord } from '../api/types'
import type { StateKind } from './states'

/** A sentence of the page: its key below `wire`, and what stands in it. */
export interface Said {
  key: string
  values: Record<string, string | number>
}

const WORDS: Record<string, string> = {
  nothing: 'nothing',
  'the machine': 'machine',
  'the cable': 'cable',
  'this computer': 'computer',
  'the baud rate': 'baudRate',
}

/** The key of the verdict's word; of a verdict of another release none. */
export function wordOf(record: WireRecord | null): string {
  return record?.verdict ? (WORDS[record.verdict] ?? 'other') : 'unknown'
}

/** Nothing wrong is a quiet state, whoever keeps the wire waiting asks for attention. */
export function kindOf(record: WireRecord | null): StateKind {
  if (!record?.verdict) return 'offline'
  return record.verdict === 'nothing' ? 'ready' : 'attention'
}

/** A short time: 0.4 ms, 35 ms, 1.4 s. */
export function delay(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(1)} s`
  const milliseconds = 1000 * seconds
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
}

/** What each of those who can be blamed did, in the order of the way that a line takes. */
export function facts(figures: WireFigures): { who: string; said: Said[] }[] {
  return [
    { who: 'computer', said: ofComputer(figures) },
    { who: 'baudRate', said: ofBaudRate(figures) },
    { who: 'cable', said: ofCable(figures) },
    { who: 'machine', said: ofMachine(figures) },
  ]
}

function ofComputer({ host }: WireFigures): Said[] {
  if (!host.late) return [{ key: 'neverLate', values: {} }]
  return [{ key: 'late', values: { count: host.late, all: delay(host.lateSeconds), longest: delay(host.longest) } }]
}

function ofBaudRate({ baudRate }: WireFigures): Said[] {
  const peak = Math.round(Math.max(baudRate.peakOut, baudRate.peakIn)).toLocaleString('en')
  if (baudRate.limit === null) return [{ key: 'bytes', values: { peak } }]
  return [{ key: 'bytesOfLimit', values: { peak, limit: Math.round(baudRate.limit).toLocaleString('en') } }]
}

function ofCable({ cable }: WireFigures): Said[] {
  const said: Said[] = []
  if (cable.resends) said.push({ key: 'resends', values: { count: cable.resends } })
  if (cable.lostAcknowledges) said.push({ key: 'lost', values: { count: cable.lostAcknowledges } })
  if (cable.acceptedByLuck) said.push({ key: 'luck', values: { count: cable.acceptedByLuck } })
  return said.length ? said : [{ key: 'undamaged', values: {} }]
}

function ofMachine({ machine }: WireFigures): Said[] {
  const said: Said[] = machine.late
    ? [{ key: machine.plannerKnown ? 'lateOk' : 'lateOkOrMoves', values: { count: machine.late, longest: delay(machine.longest) } }]
    : [{ key: 'neverLateOk', values: {} }]
  if (machine.leastPlannerFree !== null) said.push({ key: 'planner', values: { count: machine.leastPlannerFree } })
  return said
}
