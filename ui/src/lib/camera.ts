// A camera of the settings: what people enter about it, and how its picture is turned.

import type { CameraRecord, WebcamRecord } from '../api/types'

export interface CameraForm {
  snapshot: string
  stream: string
  flipH: boolean
  flipV: boolean
  rotate90: boolean
}

/** The name of a camera that is entered here first; apps know it. */
const NAME = 'classic'

const shown = (webcam: WebcamRecord) => webcam.webcams.find((one) => one.name === webcam.defaultWebcam) ?? webcam.webcams[0]

export function formOf(webcam: WebcamRecord): CameraForm {
  const { snapshotUrl, streamUrl, flipH, flipV, rotate90 } = webcam
  return {
    snapshot: snapshotUrl ?? '', stream: streamUrl ?? '', flipH: flipH === true, flipV: flipV === true, rotate90: rotate90 === true,
  }
}

/** All cameras, with the one that is shown as it was entered; it goes when it has no address any more. */
export function withCamera(webcam: WebcamRecord, form: CameraForm): CameraRecord[] {
  const { snapshot, stream, ...turned } = form
  const before = shown(webcam)
  const after: CameraRecord[] = snapshot || stream
    ? [{ ...(before ?? { name: NAME }), ...turned, canSnapshot: snapshot !== '', compat: { ...before?.compat, snapshot, stream } }]
    : []
  if (!before) return [...webcam.webcams, ...after]
  return webcam.webcams.flatMap((one) => (one === before ? after : [one]))
}

/** Whether the server can take a picture from this address. */
export const isAddress = (text: string) => /^https?:\/\/[^\s/]+/.test(text)

/** Whether apps can show a stream from this address: a path is one on this server. */
export const isPlace = (text: string) => isAddress(text) || /^\/\S*$/.test(text)

/** The CSS transform that turns a picture; a quarter goes against the clock, behind the flips. */
export function turned(webcam: Pick<WebcamRecord, 'flipH' | 'flipV' | 'rotate90'> | undefined): string {
  return [
    ...(webcam?.rotate90 ? ['rotate(-90deg)'] : []),
    ...(webcam?.flipH ? ['scaleX(-1)'] : []),
    ...(webcam?.flipV ? ['scaleY(-1)'] : []),
  ].join(' ')
}
