// SPDX-License-Identifier: Apache-2.0
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void must_fail(const char *file, int line, const char *cond)
{
    fprintf(stderr,
            "{\"level\":\"fatal\",\"msg\":\"broken promise\",\"at\":\"%s:%d\",\"cond\":\"%s\"}\n",
            file, line, cond);
    abort();
}
