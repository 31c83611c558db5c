import type { Commands } from '../../commands/index.ts';
import { DONE, type RouteEntry, route } from '../route.ts';

export function departmentRoutes({ departments }: Commands): RouteEntry[] {
  return [
    route('GET /api/domains/:domain/departments', 'people', async ({ params }) => departments.list(params.domain)),
    route('POST /api/domains/:domain/departments', 'admin', async ({ params, body, by }) => ({
      department: await departments.create(by, params.domain, body),
    })),
    route('PUT /api/domains/:domain/departments/order', 'admin', async ({ params, body, by }) => {
      await departments.order(by, params.domain, body.order);
      return DONE;
    }),
    route('GET /api/departments/:id', 'look', async ({ params }) => departments.get(Number(params.id))),
    route('PATCH /api/departments/:id', 'admin', async ({ params, body, by }) => ({
      department: await departments.change(by, Number(params.id), body),
    })),
    route('DELETE /api/departments/:id', 'admin', async ({ params, by }) => {
      await departments.remove(by, Number(params.id));
      return DONE;
    }),
    route('GET /api/departments/:id/people', 'look', async ({ params, query }) =>
      departments.people(Number(params.id), query),
    ),
    route('POST /api/departments/:id/people', 'admin', async ({ params, body, by }) => ({
      department: await departments.move(by, Number(params.id), body),
    })),
    route('PUT /api/departments/:id/relations/:other', 'admin', async ({ params, body, by }) => ({
      relation: await departments.relate(by, Number(params.id), Number(params.other), body.relation),
    })),
    route('GET /api/domains/:domain/accounts/:local/departments', 'people', async ({ params }) => ({
      departments: await departments.of(params.domain, params.local),
    })),
    route('PUT /api/domains/:domain/accounts/:local/departments', 'admin', async ({ params, body, by }) => ({
      departments: await departments.setFor(by, params.domain, params.local, body.departments),
    })),
  ];
}
