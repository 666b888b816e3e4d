/** Changes settings of the server. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, take, type Wire } from "@/api/client";
import { keys } from "@/api/queries";
import { toastDone } from "@/components/ui/toast";

/** Sets and forgets; what counts only after a restart is said. */
export function useChangeConfig(said: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: Wire<"ConfigChange">) => take(client.PATCH("/api/config", { body: change })),
    onSuccess: (config) => {
      queries.setQueryData(keys.config, config);
      for (const key of [keys.defaults, keys.agents, keys.doctor])
        void queries.invalidateQueries({ queryKey: key });
      toastDone(config.restart.length === 0 ? said : `${said}. It counts once the server is started again.`);
    },
  });
}

/** Tries a provider's key with a live call. */
export function useCheckKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (provider: string) => take(client.POST("/api/config/check", { body: { provider } })),
    onSuccess: (check, provider) =>
      queries.setQueryData<Wire<"Config">>(
        keys.config,
        (config) =>
          config && {
            ...config,
            providers: config.providers.map((each) =>
              each.provider === provider ? { ...each, check } : each,
            ),
          },
      ),
  });
}
