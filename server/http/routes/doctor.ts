import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

export function doctorRoutes({ doctor }: Commands): RouteEntry[] {
  return [
    route('GET /api/doctor', 'look', () => doctor.latest()),
    route('POST /api/doctor', 'admin', () => doctor.examine()),
  ];
}
