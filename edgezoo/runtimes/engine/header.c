#include "header.h"

enum { ALIGNMENT = 64, MAX_TENSORS = 256, MAX_NAME = 128 };

/* Slots of the table Tensor in bundle.fbs. */
enum { TENSOR_NAME, TENSOR_DTYPE, TENSOR_SHAPE, TENSOR_OFFSET, TENSOR_SIZE };

uint64_t ez_fail(ez_reader *r, ez_status status, uint64_t offset, const char *reason) {
    if (r->error->status == EZ_OK) *r->error = (ez_error){status, reason, offset};
    return 0;
}

int ez_ok(const ez_reader *r) { return r->error->status == EZ_OK; }

uint64_t ez_read_scalar(ez_reader *r, uint64_t at, int width) {
    if (!ez_ok(r)) return 0;
    if (at > r->size || r->size - at < (uint64_t)width)
        return ez_fail(r, EZ_CORRUPT, at, "the header points outside itself");
    uint64_t value = 0;
    for (int i = 0; i < width; i++) value |= (uint64_t)r->bytes[at + (uint64_t)i] << (8 * i);
    return value;
}

/* Where a field of the table at `table` lies, or 0 if it has its default value. */
static uint64_t field(ez_reader *r, uint64_t table, int slot) {
    uint64_t back = ez_read_scalar(r, table, 4);
    uint64_t vtable = table - (uint64_t)(int64_t)(int32_t)(uint32_t)back;
    uint64_t length = ez_read_scalar(r, vtable, 2);
    uint64_t entry = 4 + 2 * (uint64_t)slot;
    if (entry + 2 > length) return 0;
    uint64_t offset = ez_read_scalar(r, vtable + entry, 2);
    return offset ? table + offset : 0;
}

uint64_t ez_scalar_field(ez_reader *r, uint64_t table, int slot, int width, uint64_t otherwise) {
    uint64_t at = field(r, table, slot);
    return at ? ez_read_scalar(r, at, width) : otherwise;
}

uint64_t ez_reference(ez_reader *r, uint64_t table, int slot) {
    uint64_t at = field(r, table, slot);
    if (!at) return ez_fail(r, EZ_CORRUPT, table, "the header lacks a required field");
    return at + ez_read_scalar(r, at, 4);
}

uint64_t ez_vector_field(ez_reader *r, uint64_t table, int slot, uint64_t width, int required, uint64_t *count) {
    *count = 0;
    if (!required && !field(r, table, slot)) return 0;
    uint64_t at = ez_reference(r, table, slot);
    *count = ez_read_scalar(r, at, 4);
    if (ez_ok(r) && *count * width > r->size - at - 4)
        return *count = ez_fail(r, EZ_CORRUPT, at, "a vector or string is longer than the header");
    return at + 4;
}

const char *ez_string_field(ez_reader *r, uint64_t table, int slot, size_t *length) {
    uint64_t count, at = ez_vector_field(r, table, slot, 1, 1, &count);
    *length = (size_t)count;
    return ez_ok(r) ? (const char *)r->bytes + at : NULL;
}

static uint64_t values_size(ez_dtype dtype, uint64_t count) {
    switch (dtype) {
        case EZ_FLOAT32: return 4 * count;
        case EZ_FLOAT16: return 2 * count;
        case EZ_INT4: return (count + 1) / 2;
        default: return count;
    }
}

static void read_tensor(ez_reader *r, uint64_t table, const ez_description *file, ez_tensor *tensor) {
    uint64_t dtype = ez_scalar_field(r, table, TENSOR_DTYPE, 1, EZ_FLOAT32);
    uint64_t offset = ez_scalar_field(r, table, TENSOR_OFFSET, 8, 0);
    uint64_t size = ez_scalar_field(r, table, TENSOR_SIZE, 8, 0);
    uint64_t rank, shape = ez_vector_field(r, table, TENSOR_SHAPE, 4, 1, &rank);
    if (ez_ok(r) && (rank < 1 || rank > 2))
        ez_fail(r, EZ_UNSUPPORTED, table, "a tensor has neither one dimension nor two");
    uint64_t rows = ez_read_scalar(r, shape, 4), columns = rank == 2 ? ez_read_scalar(r, shape + 4, 4) : 1;
    if (!ez_ok(r)) return;
    uint64_t count = rows * columns;
    if (dtype > EZ_UINT8) {
        ez_fail(r, EZ_UNSUPPORTED, table, "a tensor has an unknown dtype");
    } else if (offset % ALIGNMENT || offset < file->segments_begin || offset > file->segments_end ||
               size > file->segments_end - offset) {
        ez_fail(r, EZ_CORRUPT, table, "a tensor lies outside the segments or is not aligned");
    } else if (count > 2 * size || values_size((ez_dtype)dtype, count) != size) {
        ez_fail(r, EZ_CORRUPT, table, "a tensor's size does not follow from its shape");
    } else {
        *tensor = (ez_tensor){(ez_dtype)dtype, (uint32_t)rows, (uint32_t)columns, r->bytes + offset};
    }
}

ez_tensor ez_find_tensor(ez_reader *r, const ez_description *file, const char *name, int required) {
    ez_tensor tensor = {EZ_UINT8, 0, 0, NULL};
    uint64_t count, first = ez_vector_field(r, r->root, EZ_BUNDLE_TENSORS, 4, 1, &count);
    if (count > MAX_TENSORS) ez_fail(r, EZ_UNSUPPORTED, first, "more than 256 tensors");
    for (uint64_t i = 0; ez_ok(r) && i < count; i++) {
        uint64_t table = first + 4 * i + ez_read_scalar(r, first + 4 * i, 4);
        size_t length;
        const char *found = ez_string_field(r, table, TENSOR_NAME, &length);
        if (found && length == strlen(name) && !memcmp(found, name, length)) {
            read_tensor(r, table, file, &tensor);
            return tensor;
        }
    }
    if (ez_ok(r) && required) ez_fail(r, EZ_CORRUPT, r->root, "a tensor that the architecture needs is missing");
    return tensor;
}

int ez_finite_float16(const ez_tensor *tensor) {
    uint64_t count = (uint64_t)tensor->rows * tensor->columns;
    for (uint64_t i = 0; i < count; i++)
        if ((tensor->values[2 * i + 1] & 0x7c) == 0x7c) return 0;
    return 1;
}

static int finite_float32(const ez_tensor *tensor) {
    uint64_t count = (uint64_t)tensor->rows * tensor->columns;
    for (uint64_t i = 0; i < count; i++)
        if ((tensor->values[4 * i + 3] & 0x7f) == 0x7f && tensor->values[4 * i + 2] & 0x80) return 0;
    return 1;
}

ez_quantised ez_find_quantised(ez_reader *r, const ez_description *file, const char *name, uint32_t rows,
                               uint32_t columns, int required) {
    char scale_name[MAX_NAME];
    size_t length = strlen(name);
    memcpy(scale_name, name, length);
    memcpy(scale_name + length, ".scale", sizeof ".scale");
    ez_quantised found = {ez_find_tensor(r, file, name, required), {EZ_UINT8, 0, 0, NULL}};
    const ez_tensor *values = &found.values, *scales = &found.scales;
    if (!values->values) return found;
    found.scales = ez_find_tensor(r, file, scale_name, 1);
    if (!ez_ok(r)) return found;
    uint32_t groups = values->dtype == EZ_INT4 ? values->columns / EZ_GROUP : 1;
    if (values->dtype != EZ_INT8 && values->dtype != EZ_INT4) {
        ez_fail(r, EZ_UNSUPPORTED, r->root, "a table or matrix is neither int8 nor int4");
    } else if (!values->columns || values->columns % EZ_GROUP || values->columns > EZ_MAX_DIMENSION) {
        ez_fail(r, EZ_UNSUPPORTED, r->root, "a table's or matrix's columns are not a multiple of 32 up to 1024");
    } else if ((rows && values->rows != rows) || (columns && values->columns != columns)) {
        ez_fail(r, EZ_CORRUPT, r->root, "a table or matrix does not have the shape that the architecture needs");
    } else if (scales->dtype != EZ_FLOAT16 || scales->rows != values->rows || scales->columns != groups ||
               !ez_finite_float16(scales)) {
        ez_fail(r, EZ_CORRUPT, r->root, "the scales of a table or matrix are not finite float16 [rows, groups]");
    }
    return found;
}

ez_tensor ez_find_floats(ez_reader *r, const ez_description *file, const char *name, uint32_t rows, uint32_t columns,
                         int required) {
    ez_tensor found = ez_find_tensor(r, file, name, required);
    if (found.values && (found.dtype != EZ_FLOAT32 || found.rows != rows || found.columns != columns))
        ez_fail(r, EZ_CORRUPT, r->root, "a float32 tensor does not have the shape that the architecture needs");
    else if (found.values && !finite_float32(&found))
        ez_fail(r, EZ_CORRUPT, r->root, "a float32 tensor holds NaN or infinity");
    return found;
}
