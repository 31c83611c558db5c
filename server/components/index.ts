import type { Component } from '../host/component.ts';
import { type BytestreamNeeds, bytestreams } from './bytestreams/index.ts';
import { muc } from './muc/index.ts';
import { pubsub } from './pubsub/index.ts';
import { search } from './search.ts';
import { type UploadNeeds, upload } from './upload/index.ts';

/** What some services ask the house for. */
export type ComponentNeeds = UploadNeeds & BytestreamNeeds;

/** The services beside each host, in the order in which they are listed. */
export function components(needs: ComponentNeeds): readonly Component[] {
  return [muc, pubsub, search, upload(needs), bytestreams(needs)];
}
