/* SPDX-License-Identifier: MIT */
#include "refused.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/format.h"

/* Every test works in a new directory, which is left empty. */
static char directory[] = "/tmp/steadyarm-test-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return chdir("/") || rmdir(directory);
}

static size_t entries(void)
{
	DIR *dir = opendir(".");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void put(const char *path, const char *text)
{
	assert_int_equal(steady_file_write(path, text, strlen(text), NULL), 0);
}

static void check(const char *path, const char *want)
{
	size_t length;
	char *text;

	assert_int_equal(steady_file_read(path, &text, &length, NULL), 0);
	assert_int_equal(length, strlen(want));
	assert_string_equal(text, want); /* a NUL follows the bytes */
	free(text);
}

static void check_error(int result, struct steady_report *report, const char *path, int error)
{
	const struct steady_finding *f = steady_report_get(report, 0);

	assert_int_equal(result, -STEADY_EIO);
	assert_non_null(f);
	assert_string_equal(f->file, path);
	if (!strstr(f->reason, strerror(error)) &&
	    !(error == EFBIG && strstr(f->reason, "larger than 16 MiB")))
		fail_msg("\"%s\" is not in \"%s\"", strerror(error), f->reason);
	steady_report_free(report);
}

static struct steady_report *new_report(void)
{
	struct steady_report *report;

	assert_int_equal(steady_report_new(&report), 0);
	return report;
}

static void read_fails(const char *path, int error)
{
	struct steady_report *report = new_report();
	size_t length = 77;
	char *text = NULL;

	check_error(steady_file_read(path, &text, &length, report), report, path, error);
	assert_null(text);
	assert_int_equal(length, 77);
}

static void write_fails(const char *path, int error)
{
	struct steady_report *report = new_report();

	check_error(steady_file_write(path, "new", 3, report), report, path, error);
}

static void test_replace(void **state)
{
	struct stat st;

	(void)state;
	umask(027);
	put("a", "old");
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	check("a", "old");
	assert_int_equal(chmod("a", 0604), 0);
	put("a", "newer");
	check("a", "newer");
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	put("./a", "");
	check("a", "");
	assert_int_equal(entries(), 1);
	assert_int_equal(unlink("a"), 0);
}

/* The file is another one afterwards: whoever reads the old one reads all of it. */
static void test_old_reader(void **state)
{
	char buffer[4] = "";
	int fd;

	(void)state;
	put("a", "old");
	fd = open("a", O_RDONLY);
	put("a", "new");
	assert_int_equal(read(fd, buffer, 3), 3);
	assert_string_equal(buffer, "old");
	close(fd);
	assert_int_equal(unlink("a"), 0);
}

static void test_link(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("sub", 0777), 0);
	put("sub/a", "old");
	assert_int_equal(symlink("sub/a", "link"), 0);
	put("link", "new");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	check("sub/a", "new");
	assert_int_equal(unlink("link") | unlink("sub/a") | rmdir("sub"), 0);
}

/* Neither replaced nor followed to a place that nobody has looked at, as cp(1) has it. */
static void test_dangling_link(void **state)
{
	struct steady_report *report = new_report();

	(void)state;
	assert_int_equal(symlink("nowhere", "link"), 0);
	check_error(steady_file_write("link", "new", 3, report), report, "link", ENOENT);
	assert_int_equal(entries(), 1);
	assert_int_equal(access("nowhere", F_OK), -1);
	assert_int_equal(unlink("link"), 0);
}

static void test_errors(void **state)
{
	(void)state;
	read_fails("none", ENOENT);
	read_fails(".", EISDIR);
	put("a", "old");
	read_fails("a/b", ENOTDIR);
	write_fails("a/b", ENOTDIR);
	write_fails("none/b", ENOENT);
	write_fails(".", EISDIR);
	write_fails("/dev/full", ENOSPC);
	check("a", "old");
	assert_int_equal(entries(), 1);
	assert_int_equal(unlink("a"), 0);
}

static void test_devices(void **state)
{
	struct stat st;

	(void)state;
	put("/dev/null", "gone");
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	check("/dev/null", "");
}

/* A FIFO is written to, not replaced; what does not fit goes in several writes. */
static void test_fifo(void **state)
{
	size_t length = 300000, got;
	char *text = malloc(length), *back;
	int status;
	pid_t child;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', length);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(steady_file_write("fifo", text, length, NULL) ? 1 : 0);
	assert_int_equal(steady_file_read("fifo", &back, &got, NULL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(got, length);
	assert_memory_equal(back, text, length);
	free(back);
	free(text);
	assert_int_equal(unlink("fifo"), 0);
}

/* No room half-way: the old file stays, and no temporary one. */
static void test_no_room(void **state)
{
	struct rlimit old, limit;
	char big[5000];

	(void)state;
	memset(big, 'x', sizeof(big));
	put("a", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 2; i++) {
		struct steady_report *report = new_report();
		const char *path = i ? "b" : "a";
		int err = steady_file_write(path, big, sizeof(big), report);

		check_error(err, report, path, EFBIG);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	check("a", "old");
	assert_int_equal(entries(), 1);
	assert_int_equal(unlink("a"), 0);
}

/* Temporary names that are taken, by whatever, are passed over and left alone. */
static void test_taken_names(void **state)
{
	char name[64];

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), ".steadyarm-%ld-%d", (long)getpid(), i);
		assert_int_equal(symlink("victim", name), 0);
	}
	put("a", "new");
	check("a", "new");
	assert_int_equal(access("victim", F_OK), -1);
	assert_int_equal(entries(), 4);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), ".steadyarm-%ld-%d", (long)getpid(), i);
		assert_int_equal(unlink(name), 0);
	}
	assert_int_equal(unlink("a"), 0);
}

static void too_large(const char *path)
{
	struct steady_report *report = new_report();
	size_t length;
	char *text;

	assert_int_equal(steady_file_read(path, &text, &length, report), -STEADY_EIO);
	assert_string_equal(steady_report_get(report, 0)->file, path);
	assert_string_equal(steady_report_get(report, 0)->reason, "larger than 16 MiB");
	steady_report_free(report);
}

static void test_size_limit(void **state)
{
	size_t length;
	char *text;

	(void)state;
	put("a", "");
	assert_int_equal(truncate("a", STEADY_FILE_MAX), 0);
	assert_int_equal(steady_file_read("a", &text, &length, NULL), 0);
	assert_int_equal(length, STEADY_FILE_MAX);
	free(text);
	assert_int_equal(truncate("a", STEADY_FILE_MAX + 1), 0);
	too_large("a");
	too_large("/dev/zero");
	assert_int_equal(unlink("a"), 0);
}

/* "-" and /dev/stdout: what standard output is stays what it is. */
static void test_standard(void **state)
{
	int saved_in = dup(STDIN_FILENO), saved_out, fd;

	(void)state;
	fflush(stdout);
	saved_out = dup(STDOUT_FILENO);
	fd = open("out", O_RDWR | O_CREAT | O_TRUNC, 0666);
	assert_true(fd >= 0);
	dup2(fd, STDOUT_FILENO);
	put("-", "one ");
	put("/dev/stdout", "two");
	dup2(saved_out, STDOUT_FILENO);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	dup2(fd, STDIN_FILENO);
	check("-", "one two");
	dup2(saved_in, STDIN_FILENO);
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	{
		struct steady_report *report = new_report();
		int err = steady_file_write("-", "x", 1, report);

		dup2(saved_out, STDOUT_FILENO);
		check_error(err, report, "standard output", ENOSPC);
	}
	close(saved_in);
	close(saved_out);
	assert_int_equal(unlink("out"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),     cmocka_unit_test(test_old_reader),
		cmocka_unit_test(test_link),        cmocka_unit_test(test_dangling_link),
		cmocka_unit_test(test_errors),      cmocka_unit_test(test_devices),
		cmocka_unit_test(test_fifo),        cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_taken_names), cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_standard),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
