// What the server wrote into the page: whether it is the first run, the host's name, the version.

import type { PageState } from '../api/types'

const NOTHING: PageState = { firstRun: false, accessControl: true, name: '', version: '' }

export function readPageState(): PageState {
  const text = document.getElementById('mrdraw-state')?.textContent
  return text ? { ...NOTHING, ...(JSON.parse(text) as Partial<PageState>) } : NOTHING
}
