/* SPDX-License-Identifier: MIT */
/*
 * The first process of an emulated host. It finds the lab's disks by label (NVMe namespace numbers
 * may swap between boots), runs the one job that the disk names, leaves stdout, stderr and the exit
 * status on the disk, and powers off. What it has to say itself goes to the console.
 *
 * The disk "steady-lab" holds:
 *
 * - job: NUL-terminated strings: settings, "", environment, "", argv
 * - in/: the command's files, also found as /in and on the PATH
 * - out/: the command's working directory, /out
 * - result/: stdout, stderr, and status: "exit N", "signal N", "timeout" or "nokvm"
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_STRINGS  1024
#define DISK_WAIT_MS 10000

// ext4's superblock lies 1024 bytes into the disk; offsets from fs/ext4/ext4.h.
#define SUPER_OFFSET 1024
#define SUPER_MAGIC  0x38
#define SUPER_LABEL  0x78
#define LABEL_SIZE   16

struct job {
	long uid;
	long timeout;
	long tty;
	long guest;
	long kvm;
	char **env;
	char **argv;
};

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	dprintf(STDERR_FILENO, "lab-init: ");
	vdprintf(STDERR_FILENO, format, args);
	dprintf(STDERR_FILENO, "\n");
	va_end(args);
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void die(const char *what)
{
	say("%s: %s", what, strerror(errno));
	power_off();
}

static void mount_at(const char *source, const char *dir, const char *type, unsigned long flags)
{
	mkdir(dir, 0755);
	if (mount(source, dir, type, flags, NULL))
		die(dir);
}

static void mount_system(void)
{
	mount_at("proc", "/proc", "proc", 0);
	mount_at("sysfs", "/sys", "sysfs", 0);
	mount_at("devtmpfs", "/dev", "devtmpfs", 0);
	mount_at("tmpfs", "/tmp", "tmpfs", 0);
	mount_at("tmpfs", "/run", "tmpfs", 0);
	mount_at("tmpfs", "/dev/shm", "tmpfs", 0);
	chmod("/tmp", 01777);
	chmod("/dev/shm", 01777);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL); // not every kernel has it
}

static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request))
		say("no loopback: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static int has_label(const char *device, const char *label)
{
	unsigned char super[SUPER_LABEL + LABEL_SIZE];
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return 0;
	got = pread(fd, super, sizeof(super), SUPER_OFFSET);
	close(fd);
	return got == (ssize_t)sizeof(super) && super[SUPER_MAGIC] == 0x53 &&
	       super[SUPER_MAGIC + 1] == 0xef &&
	       !strncmp((char *)super + SUPER_LABEL, label, LABEL_SIZE);
}

static int find_disk_once(const char *label, char *path, size_t size)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	int found = 0;

	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, size, "/dev/%s", entry->d_name);
		found = entry->d_name[0] != '.' && has_label(path, label);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void mount_disk(const char *label, const char *where, unsigned long flags)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	char path[300];

	for (int ms = 0; !find_disk_once(label, path, sizeof(path)); ms += 20) {
		if (ms > DISK_WAIT_MS) {
			say("no disk is labelled %s", label);
			power_off();
		}
		nanosleep(&pause, NULL);
	}
	mount_at(path, where, "ext4", flags);
}

static char *read_job_file(size_t *length)
{
	int fd = open("/lab/job", O_RDONLY | O_CLOEXEC);
	struct stat info;
	char *text;

	if (fd < 0 || fstat(fd, &info))
		die("/lab/job");
	text = calloc(1, (size_t)info.st_size + 1);
	if (!text || read(fd, text, (size_t)info.st_size) != info.st_size)
		die("/lab/job");
	close(fd);
	*length = (size_t)info.st_size;
	return text;
}

static void read_setting(struct job *job, const char *text)
{
	const struct {
		const char *name;
		long *where;
	} settings[] = {
		{"uid=", &job->uid},	 {"timeout=", &job->timeout}, {"tty=", &job->tty},
		{"guest=", &job->guest}, {"kvm=", &job->kvm},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (!strncmp(text, settings[i].name, strlen(settings[i].name)))
			*settings[i].where = atol(text + strlen(settings[i].name));
}

static void read_job(struct job *job)
{
	static char *strings[MAX_STRINGS];
	size_t length;
	char *text = read_job_file(&length), *end = text + length;
	char **next = strings;

	for (; text < end && *text; text += strlen(text) + 1)
		read_setting(job, text);
	job->env = next;
	for (text++; text < end && *text && next < strings + MAX_STRINGS - 2;
	     text += strlen(text) + 1)
		*next++ = text;
	*next++ = NULL;
	job->argv = next;
	for (text++; text < end && next < strings + MAX_STRINGS - 1; text += strlen(text) + 1)
		*next++ = text;
	*next = NULL;
	if (text < end || !job->argv[0]) {
		say("the job has no command, or more than %d strings", MAX_STRINGS);
		power_off();
	}
}

static int run_quietly(char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execv(argv[0], argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static void install_applets(void)
{
	char *argv[] = {"/bin/busybox", "--install", "-s", "/bin", NULL};

	if (!access(argv[0], X_OK) && run_quietly(argv))
		say("busybox --install failed");
}

static void open_as(const char *path, int flags, int fd)
{
	int opened = open(path, flags, 0644);

	if (opened < 0)
		die(path);
	if (opened != fd) {
		dup2(opened, fd);
		close(opened);
	}
}

static void redirect(const struct job *job)
{
	const int fresh = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;

	setsid();
	if (job->tty) {
		open_as("/dev/ttyAMA0", O_RDWR, STDIN_FILENO);
		ioctl(STDIN_FILENO, TIOCSCTTY, 0);
		dup2(STDIN_FILENO, STDOUT_FILENO);
		dup2(STDIN_FILENO, STDERR_FILENO);
		return;
	}
	open_as("/dev/null", O_RDONLY, STDIN_FILENO);
	open_as("/lab/result/stdout", fresh, STDOUT_FILENO);
	open_as("/lab/result/stderr", fresh, STDERR_FILENO);
}

static void become(long uid)
{
	if (uid && (setgroups(0, NULL) || setgid((gid_t)uid) || setuid((uid_t)uid)))
		die("the ordinary user");
}

static void child(const struct job *job)
{
	sigset_t none;

	redirect(job);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir("/out"))
		die("/out");
	become(job->uid);
	for (char **env = job->env; *env; env++)
		putenv(*env);
	execvp(job->argv[0], job->argv);
	dprintf(STDERR_FILENO, "%s: %s\n", job->argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Reap whatever ends until the job does; 0 when the job has ended, -1 at the timeout. */
static int wait_for(pid_t job_pid, long timeout, int *status)
{
	struct timespec now, end, left;
	sigset_t chld;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout;
	for (;;) {
		while ((pid = waitpid(-1, status, WNOHANG)) > 0)
			if (pid == job_pid)
				return 0;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= end.tv_sec)
			return -1;
		left = (struct timespec){.tv_sec = end.tv_sec - now.tv_sec};
		sigtimedwait(&chld, NULL, &left);
	}
}

static void write_status(const char *format, int value)
{
	int fd = open("/lab/result/status", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		die("/lab/result/status");
	dprintf(fd, format, value);
	close(fd);
}

static void run_job(const struct job *job)
{
	sigset_t chld;
	int status = 0;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		child(job);
	if (wait_for(pid, job->timeout, &status))
		write_status("timeout\n", 0);
	else if (WIFSIGNALED(status))
		write_status("signal %d\n", WTERMSIG(status));
	else
		write_status("exit %d\n", WEXITSTATUS(status));
	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
}

static void set_up(struct job *job)
{
	mount_system();
	loopback_up();
	mount_disk("steady-lab", "/lab", 0);
	read_job(job);
	mount_at("/lab/in", "/in", NULL, MS_BIND);
	mount_at("/lab/out", "/out", NULL, MS_BIND);
	if (job->guest) {
		mount_disk("steady-qemu", "/qemu", MS_RDONLY);
		symlink("/qemu/lib", "/lib"); // so that its programs start without a wrapper
	}
	install_applets();
	setenv("PATH", "/in:/qemu/bin:/bin", 1);
	setenv("HOME", "/out", 1);
	if (job->uid) {
		chown("/dev/kvm", 0, (gid_t)job->uid);
		chmod("/dev/kvm", 0660);
	}
}

int main(void)
{
	struct job job = {.timeout = 60, .kvm = 1};

	set_up(&job);
	if (job.kvm && access("/dev/kvm", F_OK))
		write_status("nokvm\n", 0);
	else
		run_job(&job);
	umount("/in");
	umount("/out");
	chdir("/");
	if (umount("/lab"))
		say("/lab: %s", strerror(errno));
	power_off();
}
