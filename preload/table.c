/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "preload.h"

/*
 * Two levels, so that a look-up is two loads and no lock, and memory is used only where there are
 * descriptors. Entries are never freed: another thread may be looking at one.
 */
#define PAGE  256
#define PAGES 4096 /* descriptors up to a million, which is Linux's own default bound */

static _Atomic(struct entry *) pages[PAGES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct vm *vms;

void table_lock(void)
{
	pthread_mutex_lock(&lock);
}

void table_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

struct entry *table_find(int fd)
{
	struct entry *page, *e;

	if (fd < 0 || fd >= PAGE * PAGES)
		return NULL;
	page = atomic_load_explicit(&pages[fd / PAGE], memory_order_acquire);
	if (!page)
		return NULL;
	e = &page[fd % PAGE];
	return atomic_load_explicit(&e->kind, memory_order_acquire) == KIND_NONE ? NULL : e;
}

const struct vm *table_vms(void)
{
	return vms;
}

static void vm_put(struct vm *vm)
{
	struct vm **at = &vms;

	if (!vm || --vm->references)
		return;
	while (*at && *at != vm)
		at = &(*at)->next;
	if (*at)
		*at = vm->next;
	steady_pin_free(vm->pin);
	free(vm->vcpu_fds);
	free(vm);
}

struct entry *table_set(int fd, enum kind kind, struct vm *vm, uint32_t vcpu)
{
	struct entry *page, *e;

	if (fd < 0 || fd >= PAGE * PAGES)
		return NULL;
	page = atomic_load(&pages[fd / PAGE]);
	if (!page) {
		page = calloc(PAGE, sizeof(*page));
		if (!page)
			return NULL;
		atomic_store_explicit(&pages[fd / PAGE], page, memory_order_release);
	}
	e = &page[fd % PAGE];
	atomic_store(&e->kind, KIND_NONE);
	if (e->run)
		munmap(e->run, e->run_size);
	if (kind == KIND_VM) {
		vm->next = vms;
		vms = vm;
	}
	vm->references++;
	vm_put(e->vm);
	e->vm = vm;
	e->vcpu = vcpu;
	e->run = NULL;
	e->run_size = 0;
	e->pinned = false;
	e->read_back = false;
	atomic_store(&e->checked, false);
	atomic_store_explicit(&e->kind, kind, memory_order_release);
	return e;
}
