/* SPDX-License-Identifier: MIT */
/* The least that a VMM does with the library; knows only what was installed. */
#include <stdio.h>
#include <string.h>

#include <steadyarm/steadyarm.h>

int main(void)
{
	static const char text[] = "no model\n";
	struct steady_report *report;
	struct steady_model *model = NULL;
	struct steady_kvm *kvm = NULL;
	const struct steady_finding *f;
	int error = 0;

	if (steady_report_new(&report))
		return 1;
	if (steady_model_parse(text, strlen(text), &model, report) != -STEADY_EINPUT || model)
		return 2;
	f = steady_report_get(report, 0);
	if (!f || f->size != sizeof(*f) || f->line != 1 || !f->reason)
		return 3;
	if (steady_kvm_open("/dev/null", &kvm, &error) != -STEADY_EHOST || !error || kvm)
		return 4;
	printf("%s\n", steady_strerror(-STEADY_EINPUT));
	steady_report_free(report);
	return 0;
}
