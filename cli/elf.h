/* SPDX-License-Identifier: MIT */
/* What the dynamic loader would make of a file. */
#ifndef STEADY_CLI_ELF_H
#define STEADY_CLI_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __aarch64__
#define CLI_ELF_HERE EM_AARCH64
#else
#define CLI_ELF_HERE EM_X86_64
#endif

/* Whether a program has a dynamic loader. */
bool cli_elf_has_interpreter(int fd, const Elf64_Ehdr *head);
/*
 * Why a file is not the library of ours that is marked so (preload/mark.h), whole and for a machine:
 * the loader says a word about one that it cannot preload, or none, and runs the program without it.
 * NULL: it is.
 */
const char *cli_elf_why_not_library(int fd, uint16_t machine, const char *mark);

#endif
