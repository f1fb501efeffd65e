// The vocabulary of states: always colour + icon + word.

import {
  mdiAlertOctagon,
  mdiCheckCircleOutline,
  mdiCircleOffOutline,
  mdiPauseCircle,
  mdiPlayCircle,
  mdiProgressClock,
} from '@mdi/js'

export type StateKind = 'ready' | 'working' | 'paused' | 'attention' | 'fault' | 'offline'

export const STATE_LOOKS: Record<StateKind, { icon: string; color: string }> = {
  ready: { icon: mdiCheckCircleOutline, color: 'ready' },
  working: { icon: mdiPlayCircle, color: 'primary' },
  paused: { icon: mdiPauseCircle, color: 'warning' },
  attention: { icon: mdiProgressClock, color: 'warning' },
  fault: { icon: mdiAlertOctagon, color: 'error' },
  offline: { icon: mdiCircleOffOutline, color: 'offline' },
}

const KIND_OF_TEXT: Record<string, StateKind> = {
  Operational: 'ready',
  Starting: 'working',
  Printing: 'working',
  Resuming: 'working',
  Finishing: 'working',
  Pausing: 'paused',
  Paused: 'paused',
  Cancelling: 'attention',
  'Opening serial connection': 'attention',
  'Detecting serial connection': 'attention',
  Connecting: 'attention',
  Error: 'fault',
  'Offline after error': 'fault',
  Offline: 'offline',
  Closed: 'offline',
}

/** The kind of state behind one of the texts of the API. */
export function kindOf(text: string): StateKind {
  return KIND_OF_TEXT[text] ?? 'attention'
}

const WORDS: Record<string, string> = {
  Operational: 'Ready',
  'Offline after error': 'Fault',
  Error: 'Fault',
  'Opening serial connection': 'Connecting',
  'Detecting serial connection': 'Connecting',
  Closed: 'Offline',
}

/** The word for people: that of the API where it says something, a plainer one where not. */
export function wordOf(text: string): string {
  return WORDS[text] ?? text
}
