import { onMounted, type Ref, ref } from 'vue';

/** Whether people can chat in the browser here: false until that is known. For pages that are open to everybody. */
export function useWebChat(): Readonly<Ref<boolean>> {
  const there = ref(false);
  onMounted(async () => {
    try {
      const reply = await fetch('/chat/settings.json');
      there.value = reply.ok && (reply.headers.get('content-type') ?? '').startsWith('application/json');
    } catch {
      // No chat, no link.
    }
  });
  return there;
}
