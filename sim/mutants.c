// SPDX-License-Identifier: Apache-2.0
#include "mutants.h"

#include "base/mutant.h"

#include <string.h>

enum mutant mutant_chosen;

static const struct {
    const char *name, *about;
} mutants[] = {
#define MUTANT_ROW(name, about) {#name, about},
    MUTANTS(MUTANT_ROW)
#undef MUTANT_ROW
};

uint32_t mutants_count(void)
{
    return sizeof(mutants) / sizeof(mutants[0]);
}

const char *mutants_name(uint32_t index)
{
    return mutants[index].name;
}

const char *mutants_about(uint32_t index)
{
    return mutants[index].about;
}

bool mutants_choose(const char *name)
{
    for (uint32_t i = 0; i < mutants_count(); i++) {
        if (strcmp(name, mutants[i].name) == 0) {
            mutant_chosen = (enum mutant)(i + 1);
            return true;
        }
    }
    return false;
}
