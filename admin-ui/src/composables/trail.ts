import { computed, shallowRef } from 'vue';

/** The way through pages that are asked for by the edge of the one before, so that the way back is known. */
export function useTrail<Edge extends string | number>() {
  const edges = shallowRef<readonly Edge[]>([]);
  return {
    /** What the page that is looked at is asked for with; undefined for the first. */
    edge: computed(() => edges.value.at(-1)),
    /** There is a page before this one. */
    deep: computed(() => edges.value.length > 0),
    /** To the page beyond this edge; with none it stays. */
    on(edge: Edge | null | undefined): void {
      if (edge !== undefined && edge !== null) edges.value = [...edges.value, edge];
    },
    back(): void {
      edges.value = edges.value.slice(0, -1);
    },
    /** To the first page. */
    start(): void {
      edges.value = [];
    },
  };
}
