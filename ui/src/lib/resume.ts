// What a person chooses before an interrupted job goes on, and what is still missing. Lengths in mm.

import type { ResumeOffer } from '../api/types'

export interface ResumeChoice {
  /** The number of a layer, or null for the place of the interruption. */
  layer: number | null
  /** How the machine finds its place, or null for the first way that is possible. */
  homing: string | null
  /** Where the head stands, as it was typed. */
  position: Record<string, string>
  prime: string
}

export const NO_CHOICE: ResumeChoice = { layer: null, homing: null, position: {}, prime: '0' }

/** A number as people type it, with a point or a comma; null when it is none. */
export function typed(text: string | undefined): number | null {
  const value = (text ?? '').trim().replace(',', '.')
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : null
}

/** The query that shows the offer for a choice. What is not a number yet is left out. */
export function queryOf(choice: ResumeChoice): string {
  const query = new URLSearchParams()
  if (choice.layer !== null) {
    query.set('from', 'layer')
    query.set('layer', String(choice.layer))
  }
  if (choice.homing !== null) query.set('homing', choice.homing)
  for (const [axis, text] of Object.entries(choice.position)) {
    const value = typed(text)
    if (value !== null) query.set(axis, String(value))
  }
  const prime = typed(choice.prime)
  if (prime !== null && prime > 0) query.set('prime', String(prime))
  return query.toString()
}

/** The axes that are asked for and that hold no number. */
export function missing(offer: ResumeOffer, choice: ResumeChoice): string[] {
  return offer.asked.filter((axis) => typed(choice.position[axis]) === null)
}

/** What is sent when a person confirms. */
export function bodyOf(offer: ResumeOffer, choice: ResumeChoice): Record<string, unknown> {
  return {
    job: offer.interrupted.id,
    from: choice.layer === null ? 'interruption' : 'layer',
    ...(choice.layer === null ? {} : { layer: choice.layer }),
    homing: offer.homing,
    position: Object.fromEntries(offer.asked.map((axis) => [axis, typed(choice.position[axis])])),
    prime: Math.max(0, typed(choice.prime) ?? 0),
    confirmed: true,
  }
}
