import { expect, test } from 'vitest'
import type { WireFigures, WireRecord } from '../src/api/types'
import { delay, facts, kindOf, wordOf } from '../src/lib/wire'
import en from '../src/locales/en'

const GOOD: WireFigures = {
  seconds: 60,
  lines: 5000,
  host: { late: 0, lateSeconds: 0, longest: 0.004, processorWait: 0.1 },
  machine: { late: 0, lateSeconds: 0, longest: 0.09, plannerKnown: false, leastPlannerFree: null, leastQueueFree: null },
  cable: { resends: 0, timeouts: 0, lostAcknowledges: 0, acceptedByLuck: 0, lostSeconds: 0 },
  baudRate: { limit: null, bytesOut: 200000, bytesIn: 20000, peakOut: 4000.4, peakIn: 400, fullSeconds: 0 },
}
const BAD: WireFigures = {
  ...GOOD,
  host: { late: 5, lateSeconds: 1.42, longest: 0.3, processorWait: null },
  machine: { late: 8, lateSeconds: 2.4, longest: 0.312, plannerKnown: true, leastPlannerFree: 0, leastQueueFree: 1 },
  cable: { resends: 12, timeouts: 3, lostAcknowledges: 2, acceptedByLuck: 1, lostSeconds: 1 },
  baudRate: { ...GOOD.baudRate, limit: 11520 },
}

function record(verdict: string | null): WireRecord {
  return { job: 'a', running: false, verdict, why: null, figures: null }
}

test('a verdict is a word and a state', () => {
  expect([kindOf(null), wordOf(null)]).toEqual(['offline', 'unknown'])
  expect([kindOf(record(null)), wordOf(record(null))]).toEqual(['offline', 'unknown'])
  expect([kindOf(record('nothing')), wordOf(record('nothing'))]).toEqual(['ready', 'nothing'])
  for (const [verdict, word] of Object.entries({ 'the machine': 'machine', 'the cable': 'cable', 'this computer': 'computer', 'the baud rate': 'baudRate' })) {
    expect([kindOf(record(verdict)), wordOf(record(verdict))]).toEqual(['attention', word])
  }
  expect(wordOf(record('the moon'))).toBe('other')
})

test('the figures are said in the order of the way that a line takes', () => {
  expect(facts(GOOD)).toEqual([
    { who: 'computer', said: [{ key: 'neverLate', values: {} }] },
    { who: 'baudRate', said: [{ key: 'bytes', values: { peak: '4,000' } }] },
    { who: 'cable', said: [{ key: 'undamaged', values: {} }] },
    { who: 'machine', said: [{ key: 'neverLateOk', values: {} }] },
  ])
  expect(facts(BAD).map((row) => row.said)).toEqual([
    [{ key: 'late', values: { count: 5, all: '1.4 s', longest: '300 ms' } }],
    [{ key: 'bytesOfLimit', values: { peak: '4,000', limit: '11,520' } }],
    [{ key: 'resends', values: { count: 12 } }, { key: 'lost', values: { count: 2 } }, { key: 'luck', values: { count: 1 } }],
    [{ key: 'lateOk', values: { count: 8, longest: '312 ms' } }, { key: 'planner', values: { count: 0 } }],
  ])
})

test('a firmware that does not tell how full its planner is is not blamed for long moves', () => {
  const figures = { ...BAD, machine: { ...BAD.machine, plannerKnown: false, leastPlannerFree: null } }
  expect(facts(figures)[3]?.said).toEqual([{ key: 'lateOkOrMoves', values: { count: 8, longest: '312 ms' } }])
})

test('every word and sentence is there in English', () => {
  const words = en.wire as Record<string, unknown>
  for (const figures of [GOOD, BAD, { ...BAD, machine: { ...BAD.machine, plannerKnown: false } }]) {
    for (const row of facts(figures)) {
      expect(en.wire.who).toHaveProperty(row.who)
      for (const said of row.said) {
        for (const value of Object.keys(said.values)) expect(words[said.key]).toContain(`{${value}}`)
      }
    }
  }
  for (const verdict of [null, 'nothing', 'the machine', 'the cable', 'this computer', 'the baud rate', 'the moon']) {
    expect(en.wire.verdict).toHaveProperty(wordOf(record(verdict)))
  }
})

test('short times', () => {
  expect([0.0004, 0.0353, 0.3, 1.42].map(delay)).toEqual(['0.4 ms', '35 ms', '300 ms', '1.4 s'])
})
