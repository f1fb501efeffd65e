// Uploads with progress: `fetch` does not tell how much was sent, so this is an XMLHttpRequest.

import { address, csrfToken, RequestError } from './client'
import type { UploadResult } from './types'

export interface UploadOptions {
  folder: string
  print: boolean
  base: string
  progress(sent: number, total: number): void
}

export interface RunningUpload {
  result: Promise<UploadResult>
  cancel(): void
}

/** Sends a file into a folder of the library. The promise fails with a `RequestError`; status -1 means cancelled. */
export function upload(file: File, options: UploadOptions): RunningUpload {
  const request = new XMLHttpRequest()
  const result = new Promise<UploadResult>((resolve, reject) => {
    request.open('POST', address(`${options.base}/api/files/local`))
    request.setRequestHeader('X-CSRF-Token', csrfToken())
    request.upload.onprogress = (event) => options.progress(event.loaded, event.total)
    request.onerror = () => reject(new RequestError(0, 'The connection to the host was lost.'))
    request.onabort = () => reject(new RequestError(-1, 'Cancelled.'))
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as UploadResult)
      else reject(new RequestError(request.status, errorText(request)))
    }
    request.send(formOf(file, options))
  })
  return { result, cancel: () => request.abort() }
}

function formOf(file: File, options: UploadOptions): FormData {
  const form = new FormData()
  if (options.folder) form.append('path', options.folder)
  if (options.print) form.append('print', 'true')
  form.append('file', file, file.name)
  return form
}

function errorText(request: XMLHttpRequest): string {
  try {
    return (JSON.parse(request.responseText) as { error?: string }).error ?? request.statusText
  } catch {
    return request.statusText || 'The host gave no reason.'
  }
}
