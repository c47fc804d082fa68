// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report known: print the tests that have a known issue on a kernel. */
#include "report/cmd/commands.h"

#include <stdio.h>

#include "report/base/util.h"
#include "report/data/known.h"

int cmd_known(int argc, char **argv)
{
	struct known known = { 0 };
	struct known_place where;
	size_t i;

	if (argc != 4) {
		complain("known needs FILE, RELEASE and BACKEND; see kvmem-report --help");
		return EXIT_BROKEN;
	}
	where = (struct known_place){ .release = argv[2], .backend = argv[3] };
	if (!known_read(&known, argv[1]))
		return EXIT_BROKEN;
	for (i = 0; i < known.n; i++)
		if (known_applies(&known.v[i], &where))
			puts(known.v[i].glob);
	known_free(&known);
	return EXIT_PASSED;
}
