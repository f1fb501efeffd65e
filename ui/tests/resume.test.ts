import { expect, test } from 'vitest'
import type { ResumeOffer } from '../src/api/types'
import { bodyOf, missing, NO_CHOICE, queryOf, typed } from '../src/lib/resume'

const offer = { interrupted: { id: 'j1' }, asked: ['x', 'z'], homing: 'none' } as ResumeOffer

test('numbers as people type them', () => {
  expect(typed(' 1,5 ')).toBe(1.5)
  expect(typed('-3')).toBe(-3)
  for (const text of ['', 'high', '1e9', '1.2.3', undefined]) expect(typed(text)).toBeNull()
})

test('the question for a choice leaves out what is no number yet', () => {
  expect(queryOf(NO_CHOICE)).toBe('')
  const choice = { layer: 7, homing: 'xy', position: { z: '1,4', x: '' }, prime: '2' }
  expect(queryOf(choice)).toBe('from=layer&layer=7&homing=xy&z=1.4&prime=2')
})

test('every axis that is asked for has to be filled in', () => {
  expect(missing(offer, { ...NO_CHOICE, position: { z: '1' } })).toEqual(['x'])
  expect(missing(offer, { ...NO_CHOICE, position: { z: '1', x: '0' } })).toEqual([])
})

test('what is confirmed is what was shown', () => {
  const choice = { layer: 7, homing: null, position: { x: '1', z: '2,5', y: '9' }, prime: '-4' }
  expect(bodyOf(offer, choice)).toEqual({
    job: 'j1', from: 'layer', layer: 7, homing: 'none', position: { x: 1, z: 2.5 }, prime: 0, confirmed: true,
  })
  expect(bodyOf(offer, { ...choice, layer: null })).not.toHaveProperty('layer')
})
