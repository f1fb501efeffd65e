import { expect, test } from 'vitest'
import { hostColor, tabTitle } from '../src/lib/appearance'

test('a host has a colour in both themes, or none', () => {
  for (const name of ['red', 'orange', 'yellow', 'green', 'blue', 'violet']) {
    expect(hostColor(name, false)).toMatch(/^#[0-9A-F]{6}$/)
    expect(hostColor(name, true)).not.toBe(hostColor(name, false))
  }
  expect(hostColor('default', true)).toBeUndefined()
})

test('the tab says how far, the state, the machine and the host', () => {
  expect(tabTitle('Printing', 'MK3', 'Shed', 42.9)).toBe('42 % · Printing · MK3 · Shed')
  expect(tabTitle('Ready', 'MK3', '', null)).toBe('Ready · MK3')
  expect(tabTitle('Ready', 'Shed', 'Shed', null)).toBe('Ready · Shed')
})
