import { ApiError } from './api.ts';
import { t } from './language.ts';

/** Sends a file as it is, however large; `tell` hears which part of it has gone (0 to 1), which `fetch` would not say. Throws ApiError. */
export function upload(path: string, file: File, tell: (part: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded }) => tell(loaded / Math.max(1, file.size));
    request.onerror = () =>
      reject(new ApiError(0, 'unreachable', t('The server cannot be reached. Check the network and try again.')));
    request.onload = () => {
      if (request.status === 200) resolve();
      else reject(refusal(request));
    };
    request.open('PUT', path);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.send(file);
  });
}

function refusal({ status, responseText }: XMLHttpRequest): ApiError {
  try {
    const { error } = JSON.parse(responseText) as { error: { code: string; message: string; field?: string } };
    return new ApiError(status, error.code, error.message, error.field);
  } catch {
    return new ApiError(
      status,
      'unknown',
      t('The server answered with an error ({status}). Try again in a moment.', { status }),
    );
  }
}
