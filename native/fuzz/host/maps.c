/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps. Each value has an allocation of its own: whatever a program touches beside it is found. */
#include "host.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAPS_MAX 64
#define BUCKETS 64

struct entry {
	struct entry *next;
	void *key;
	void *value;
};

struct map {
	const void *definition;
	bool is_array;
	uint32_t max_entries;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t count;
	struct entry *buckets[BUCKETS];
};

static struct map maps[MAPS_MAX];
static uint32_t map_count;

void *allocate(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

struct map *host_map_of(const void *definition, __u32 type, __u32 max_entries, __u32 key_size, __u32 value_size)
{
	for (uint32_t i = 0; i < map_count; i++)
		if (maps[i].definition == definition)
			return &maps[i];
	if (map_count == MAPS_MAX)
		abort();
	maps[map_count] = (struct map){
		.definition = definition,
		.is_array = type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY,
		.max_entries = max_entries,
		.key_size = key_size,
		.value_size = value_size,
	};
	return &maps[map_count++];
}

/* FNV-1a. */
static struct entry **bucket_of(struct map *map, const void *key)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < map->key_size; i++)
		hash = (hash ^ ((const uint8_t *)key)[i]) * 16777619u;
	return &map->buckets[(hash ^ hash >> 16) % BUCKETS];
}

static struct entry *find(struct map *map, const void *key)
{
	for (struct entry *entry = *bucket_of(map, key); entry; entry = entry->next)
		if (!memcmp(entry->key, key, map->key_size))
			return entry;
	return NULL;
}

static struct entry *add(struct map *map, const void *key)
{
	struct entry **bucket = bucket_of(map, key), *entry = allocate(sizeof(*entry));

	*entry = (struct entry){.next = *bucket, .key = allocate(map->key_size), .value = allocate(map->value_size)};
	memcpy(entry->key, key, map->key_size);
	*bucket = entry;
	map->count++;
	return entry;
}

static bool is_out_of_range(const struct map *map, const void *key)
{
	return map->is_array && *(const uint32_t *)key >= map->max_entries;
}

void *host_map_lookup(struct map *map, const void *key)
{
	struct entry *entry;

	if (is_out_of_range(map, key))
		return NULL;
	entry = find(map, key);
	/* An array has all its elements from the beginning. */
	if (!entry && map->is_array)
		entry = add(map, key);
	return entry ? entry->value : NULL;
}

long host_map_update(struct map *map, const void *key, const void *value, __u64 flags)
{
	struct entry *entry = find(map, key);

	if (is_out_of_range(map, key))
		return -E2BIG;
	if (flags == BPF_NOEXIST && (entry || map->is_array))
		return -EEXIST;
	if (flags == BPF_EXIST && !entry && !map->is_array)
		return -ENOENT;
	if (!entry && map->count >= map->max_entries)
		return -E2BIG;
	if (!entry)
		entry = add(map, key);
	memcpy(entry->value, value, map->value_size);
	return 0;
}

static void release(struct entry *entry)
{
	free(entry->key);
	free(entry->value);
	free(entry);
}

long host_map_delete(struct map *map, const void *key)
{
	for (struct entry **at = bucket_of(map, key); *at; at = &(*at)->next) {
		struct entry *entry = *at;

		if (memcmp(entry->key, key, map->key_size))
			continue;
		*at = entry->next;
		map->count--;
		release(entry);
		return 0;
	}
	return -ENOENT;
}

void maps_clear(void)
{
	for (uint32_t i = 0; i < map_count; i++) {
		for (uint32_t bucket = 0; bucket < BUCKETS; bucket++)
			for (struct entry *entry = maps[i].buckets[bucket], *next; entry; entry = next) {
				next = entry->next;
				release(entry);
			}
		memset(maps[i].buckets, 0, sizeof(maps[i].buckets));
		maps[i].count = 0;
	}
}

uint32_t host_map_key_size(const struct map *map)
{
	return map->key_size;
}

uint32_t host_map_value_size(const struct map *map)
{
	return map->value_size;
}

uint32_t host_map_entries(const struct map *map, void (*each)(const void *key, const void *value, void *context),
			  void *context)
{
	for (uint32_t bucket = 0; bucket < BUCKETS; bucket++)
		for (const struct entry *entry = map->buckets[bucket]; entry; entry = entry->next)
			each(entry->key, entry->value, context);
	return map->count;
}
