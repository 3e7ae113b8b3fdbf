// SPDX-License-Identifier: Apache-2.0
#include "api/policy.h"

#include "base/mem.h"

static bool holds_only_host(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.at[i];
        if (c <= ' ' || c == '/' || c == '?' || c == '#' || c == '@' || c == '*') {
            return false;
        }
    }
    return true;
}

/* The part behind "://", or nothing when the origin has no such part or anything after its host. */
static struct str origin_host(struct str origin)
{
    for (size_t at = 1; at + 3 < origin.len; at++) {
        if (memcmp(origin.at + at, "://", 3) == 0) {
            const struct str host = {.at = origin.at + at + 3, .len = origin.len - at - 3};
            return holds_only_host(host) ? host : STR_NONE;
        }
    }
    return STR_NONE;
}

static enum err copy_str(struct str from, struct str *ret)
{
    if (from.len == 0) {
        return ERR_OK;
    }
    char *copy = mem_copy_text(MEM_OTHER, from.at, from.len);
    if (copy == NULL) {
        return ERR_NOMEM;
    }
    *ret = (struct str){.at = copy, .len = from.len};
    return ERR_OK;
}

/* What copy_str() made: heap text behind a const view. */
static void free_str(struct str text)
{
    mem_free(MEM_OTHER, (void *)(uintptr_t)text.at);
}

static enum err copy_origins(const struct policy_options *options, struct policy *policy)
{
    if (options->origin_count > POLICY_ORIGINS_MAX) {
        return ERR_LIMIT;
    }
    if (options->origin_count == 0) {
        return ERR_OK;
    }
    struct str *origins = mem_new(MEM_OTHER, options->origin_count * sizeof(*origins));
    if (origins == NULL) {
        return ERR_NOMEM;
    }
    policy->is.origins = origins;
    for (uint32_t i = 0; i < options->origin_count; i++) {
        if (origin_host(options->origins[i]).len == 0) {
            return ERR_PROTO;
        }
        TRY(copy_str(options->origins[i], &origins[i]));
        policy->is.origin_count = i + 1;
    }
    return ERR_OK;
}

enum err policy_new(const struct policy_options *options, struct policy **ret_policy)
{
    struct policy *policy = mem_new(MEM_OTHER, sizeof(*policy));
    if (policy == NULL) {
        jwt_keys_free(options->keys);
        terms_unref(options->terms);
        return ERR_NOMEM;
    }
    atomic_store_explicit(&policy->refs, 1, memory_order_relaxed);
    policy->is = *options;
    policy->is.guest_secret = STR_NONE;
    policy->is.metrics_token = STR_NONE;
    policy->is.hook.url = STR_NONE;
    policy->is.origins = NULL;
    policy->is.origin_count = 0;
    enum err err = copy_str(options->guest_secret, &policy->is.guest_secret);
    if (err == ERR_OK) {
        err = copy_str(options->metrics_token, &policy->is.metrics_token);
    }
    if (err == ERR_OK) {
        err = copy_str(options->hook.url, &policy->is.hook.url);
    }
    if (err == ERR_OK) {
        err = copy_origins(options, policy);
    }
    if (err != ERR_OK) {
        policy_unref(policy);
        return err;
    }
    *ret_policy = policy;
    return ERR_OK;
}

struct policy *policy_ref(struct policy *policy)
{
    atomic_fetch_add_explicit(&policy->refs, 1, memory_order_relaxed);
    return policy;
}

void policy_unref(struct policy *policy)
{
    if (policy == NULL || atomic_fetch_sub_explicit(&policy->refs, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (uint32_t i = 0; i < policy->is.origin_count; i++) {
        free_str(policy->is.origins[i]);
    }
    mem_free(MEM_OTHER, (void *)(uintptr_t)policy->is.origins);
    free_str(policy->is.guest_secret);
    free_str(policy->is.metrics_token);
    free_str(policy->is.hook.url);
    jwt_keys_free(policy->is.keys);
    terms_unref(policy->is.terms);
    mem_free(MEM_OTHER, policy);
}

bool policy_lists_origin(const struct policy *policy, struct str origin)
{
    for (uint32_t i = 0; i < policy->is.origin_count; i++) {
        if (str_eq(policy->is.origins[i], origin)) {
            return true;
        }
    }
    return false;
}

bool policy_allows_origin(const struct policy *policy, struct str origin, struct str host)
{
    const struct str own = origin_host(origin);
    return (own.len > 0 && str_eq_nocase(own, host)) || policy_lists_origin(policy, origin);
}
