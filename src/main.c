// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"

int main(int count, char **args)
{
    return command_run(count, args);
}
