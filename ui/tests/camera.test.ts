import { expect, test } from 'vitest'
import type { WebcamRecord } from '../src/api/types'
import { formOf, isAddress, isPlace, turned, withCamera } from '../src/lib/camera'

const NONE: WebcamRecord = {
  webcams: [], defaultWebcam: null, webcamEnabled: true, snapshotUrl: null, streamUrl: null, flipH: null, flipV: null, rotate90: null,
}
const ABOVE = { name: 'above', compat: { snapshot: 'http://a/s', stream: '/a', cacheBuster: true } }
const BESIDE = { name: 'beside', displayName: 'Beside', extras: { x: 1 }, compat: { snapshot: 'http://b/s', stream: '' } }
const TWO: WebcamRecord = { ...NONE, webcams: [ABOVE, BESIDE], defaultWebcam: 'beside', snapshotUrl: 'http://b/s', streamUrl: '', flipV: true }
const EMPTY = { snapshot: '', stream: '', flipH: false, flipV: false, rotate90: false }

test('the first camera is made', () => {
  expect(formOf(NONE)).toEqual(EMPTY)
  expect(withCamera(NONE, { ...EMPTY, snapshot: 'http://c', flipH: true })).toEqual([
    { name: 'classic', flipH: true, flipV: false, rotate90: false, canSnapshot: true, compat: { snapshot: 'http://c', stream: '' } },
  ])
  expect(withCamera(NONE, EMPTY)).toEqual([])
})

test('of several cameras the one that is shown is changed, and nothing else of it', () => {
  const form = formOf(TWO)
  expect(form).toEqual({ ...EMPTY, snapshot: 'http://b/s', flipV: true })
  expect(withCamera(TWO, { ...form, stream: '/b', rotate90: true })).toEqual([
    ABOVE,
    { ...BESIDE, flipH: false, flipV: true, rotate90: true, canSnapshot: true, compat: { snapshot: 'http://b/s', stream: '/b' } },
  ])
  const first = { ...TWO, defaultWebcam: null }
  expect(withCamera(first, { ...EMPTY, stream: '/c' })[0]?.compat).toEqual({ snapshot: '', stream: '/c', cacheBuster: true })
  expect(withCamera(TWO, EMPTY)).toEqual([ABOVE])
})

test('addresses', () => {
  for (const good of ['http://127.0.0.1:8080/?action=snapshot', 'https://user:word@camera/s.jpg']) expect(isAddress(good)).toBe(true)
  for (const bad of ['/webcam', 'camera.local', 'ftp://x', 'http://', 'http:///x']) expect(isAddress(bad)).toBe(false)
  expect(isPlace('/webcam/?action=stream')).toBe(true)
  expect(isPlace('webcam')).toBe(false)
})

test('a picture is flipped before it is turned', () => {
  expect(turned({ flipH: true, flipV: false, rotate90: true })).toBe('rotate(-90deg) scaleX(-1)')
  expect(turned({ flipH: true, flipV: true, rotate90: null })).toBe('scaleX(-1) scaleY(-1)')
  expect(turned(undefined)).toBe('')
})
