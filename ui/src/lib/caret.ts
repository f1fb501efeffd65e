// Puts the caret into a field when it appears: once, and never away from another field that the person is in already.

import type { Directive } from 'vue'

const FRAMES = 60 // in which a dialog has become visible

function place(field: HTMLElement, frames: number): void {
  const active = document.activeElement
  const elsewhere = active !== field && active?.matches('input, textarea, select')
  if (frames === 0 || !field.isConnected || elsewhere) return
  field.focus({ preventScroll: true })
  if (document.activeElement !== field) requestAnimationFrame(() => place(field, frames - 1))
}

export const vCaret: Directive<HTMLElement> = {
  mounted(element) {
    place(element.querySelector<HTMLElement>('input, textarea') ?? element, FRAMES)
  },
}
