/* SPDX-License-Identifier: MIT */
#include "elf.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/mark.h"

#define NOTES_MAX 4096
#define PADDED(n) (((uint64_t)(n) + 3) & ~UINT64_C(3))

static bool read_header(int fd, const Elf64_Ehdr *head, unsigned int i, Elf64_Phdr *out)
{
	off_t at = (off_t)(head->e_phoff + (uint64_t)i * head->e_phentsize);

	return pread(fd, out, sizeof(*out), at) == (ssize_t)sizeof(*out);
}

bool cli_elf_has_interpreter(int fd, const Elf64_Ehdr *head)
{
	Elf64_Phdr part;

	for (unsigned int i = 0; i < head->e_phnum && read_header(fd, head, i, &part); i++) {
		if (part.p_type == PT_INTERP)
			return true;
	}
	return false;
}

/* Whether all that is to be mapped is there: what is cut off ends the program with SIGBUS. */
static bool is_whole(int fd, const Elf64_Ehdr *head)
{
	Elf64_Phdr part;
	struct stat st;

	if (fstat(fd, &st) || head->e_phentsize != sizeof(part) || !head->e_phnum)
		return false;
	for (unsigned int i = 0; i < head->e_phnum; i++) {
		if (!read_header(fd, head, i, &part) || part.p_offset > (uint64_t)st.st_size ||
		    part.p_filesz > (uint64_t)st.st_size - part.p_offset)
			return false;
	}
	return true;
}

static bool has_note(const uint8_t *notes, size_t size, const char *mark)
{
	Elf64_Nhdr note;

	for (uint64_t at = 0; at + sizeof(note) <= size;) {
		uint64_t name = at + sizeof(note), text, end;

		memcpy(&note, notes + at, sizeof(note));
		text = name + PADDED(note.n_namesz);
		end = text + PADDED(note.n_descsz);
		if (end <= size && note.n_type == MARK_TYPE &&
		    note.n_namesz == sizeof(MARK_OWNER) &&
		    memcmp(notes + name, MARK_OWNER, sizeof(MARK_OWNER)) == 0)
			return note.n_descsz == strlen(mark) + 1 &&
			       memcmp(notes + text, mark, note.n_descsz) == 0;
		at = end;
	}
	return false;
}

static bool is_marked(int fd, const Elf64_Ehdr *head, const char *mark)
{
	uint8_t notes[NOTES_MAX];
	Elf64_Phdr part;

	for (unsigned int i = 0; i < head->e_phnum && read_header(fd, head, i, &part); i++) {
		if (part.p_type == PT_NOTE && part.p_filesz <= sizeof(notes) &&
		    pread(fd, notes, part.p_filesz, (off_t)part.p_offset) ==
			    (ssize_t)part.p_filesz &&
		    has_note(notes, part.p_filesz, mark))
			return true;
	}
	return false;
}

const char *cli_elf_why_not_library(int fd, uint16_t machine, const char *mark)
{
	Elf64_Ehdr head;

	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_type != ET_DYN)
		return "it is no shared library";
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    head.e_machine != machine)
		return "it is for another architecture than the program";
	if (!is_whole(fd, &head))
		return "its end is missing";
	if (cli_elf_has_interpreter(fd, &head)) /* the loader preloads no program (DF_1_PIE) */
		return "it is a program, no shared library";
	if (!is_marked(fd, &head, mark))
		return "it is another library than the one that does this";
	return NULL;
}
