// How the person arranged the page: theme, order of the panels, hidden ones. Kept in this browser.

import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

export const PANELS = ['temperature', 'control', 'terminal', 'wire', 'connection'] as const
export type Panel = (typeof PANELS)[number]
export type ThemeChoice = 'system' | 'light' | 'dark'

const KEY = 'mrdraw.layout'

interface Kept {
  theme: ThemeChoice
  order: Panel[]
  hidden: Panel[]
}

function read(): Kept {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Kept>
    const order = (kept.order ?? []).filter((panel) => PANELS.includes(panel))
    return {
      theme: kept.theme ?? 'system',
      order: [...order, ...PANELS.filter((panel) => !order.includes(panel))],
      hidden: (kept.hidden ?? []).filter((panel) => PANELS.includes(panel)),
    }
  } catch {
    return { theme: 'system', order: [...PANELS], hidden: [] }
  }
}

export const useLayout = defineStore('layout', () => {
  const kept = read()
  const theme = ref(kept.theme)
  const order = ref(kept.order)
  const hidden = ref(kept.hidden)
  const shown = computed(() => order.value.filter((panel) => !hidden.value.includes(panel)))

  watch([theme, order, hidden], () => {
    localStorage.setItem(KEY, JSON.stringify({ theme: theme.value, order: order.value, hidden: hidden.value }))
  })

  /** Moves a panel before (-1) or behind (1) its visible neighbour. */
  function move(panel: Panel, by: -1 | 1): void {
    const neighbour = shown.value[shown.value.indexOf(panel) + by]
    if (!neighbour) return
    const next = [...order.value]
    const [from, to] = [next.indexOf(panel), next.indexOf(neighbour)]
    next[from] = neighbour
    next[to] = panel
    order.value = next
  }

  function hide(panel: Panel): void {
    hidden.value = [...hidden.value, panel]
  }

  function show(panel: Panel): void {
    hidden.value = hidden.value.filter((one) => one !== panel)
  }

  return { theme, order, hidden, shown, move, hide, show }
})
