// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from 'vitest'
import { createApp, defineComponent, h, withDirectives } from 'vue'
import { vCaret } from '../src/lib/caret'

function appear(): HTMLElement {
  const host = document.createElement('div')
  document.body.append(host)
  createApp(defineComponent(() => () => withDirectives(h('div', [h('input', { id: 'field' })]), [[vCaret]]))).mount(host)
  return host
}

beforeEach(() => document.body.replaceChildren())

test('the caret goes into the field of what appears', () => {
  appear()
  expect(document.activeElement?.id).toBe('field')
})

test('a person who is in another field stays there', () => {
  const other = document.createElement('input')
  document.body.append(other)
  other.focus()
  appear()
  expect(document.activeElement).toBe(other)
})

test('a field that is hidden at first gets the caret when it is seen', () => {
  vi.useFakeTimers()
  const focus = vi.spyOn(HTMLElement.prototype, 'focus').mockImplementationOnce(() => undefined)
  appear()
  expect(document.activeElement).toBe(document.body)
  vi.advanceTimersByTime(50)
  expect(document.activeElement?.id).toBe('field')
  focus.mockRestore()
  vi.useRealTimers()
})
