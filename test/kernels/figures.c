/* figures OBJECT: loads each program of an eBPF object by itself and prints what the verifier says of it: instructions
 * checked, and the stack of each of its functions. The exit status is 1 when a program is refused. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_STATISTICS 4 /* BPF_LOG_STATS of the kernel: no trace of the instructions */
#define PROGRAMS_MAX 32

static char log_text[1 << 16];

static int only_warnings(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

static struct bpf_object *open_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	if (!object) {
		perror(path);
		exit(1);
	}
	return object;
}

static int load(const char *path, const char *name)
{
	struct bpf_object *object = open_object(path);
	struct bpf_program *program;
	int error;

	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
		bpf_program__set_log_level(program, LOG_STATISTICS);
		bpf_program__set_log_buf(program, log_text, sizeof(log_text));
	}
	log_text[0] = 0;
	error = bpf_object__load(object);
	printf("%s: %s\n%s", name, error ? strerror(-error) : "loaded", log_text);
	bpf_object__close(object);
	return error != 0;
}

int main(int count, char **arguments)
{
	struct bpf_object *object;
	struct bpf_program *program;
	char *names[PROGRAMS_MAX];
	int known = 0, refused = 0;

	if (count != 2) {
		fprintf(stderr, "usage: figures OBJECT\n");
		return 2;
	}
	libbpf_set_print(only_warnings);
	object = open_object(arguments[1]);
	bpf_object__for_each_program(program, object)
	{
		if (known < PROGRAMS_MAX)
			names[known++] = strdup(bpf_program__name(program));
	}
	bpf_object__close(object);
	for (int i = 0; i < known; i++)
		refused += load(arguments[1], names[i]);
	return refused != 0 || known == 0;
}
