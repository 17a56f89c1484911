package ai.rpo.core.tensor.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_wait;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.Pointer;

/** A reorder primitive of oneDNN that rounds so many float32 to bfloat16. Not safe for concurrent use. */
final class Rounding implements Primitive {

    private final OneDnn library;
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_memory from = new dnnl_memory();
    private final dnnl_memory to = new dnnl_memory();
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(2);

    Rounding(OneDnn library, int length) {
        this.library = library;
        dnnl_memory_desc wide = layout(length, dnnl_f32);
        dnnl_memory_desc narrow = layout(length, dnnl_bf16);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        check(dnnl_reorder_primitive_desc_create(description, wide, library.engine(), narrow, library.engine(), null));
        check(dnnl_primitive_create(primitive, description));
        check(dnnl_primitive_desc_destroy(description));
        argument(0, DNNL_ARG_FROM, from, wide);
        argument(1, DNNL_ARG_TO, to, narrow);
        arguments.position(0);
    }

    void execute(Pointer from, Pointer to) {
        check(dnnl_memory_set_data_handle(this.from, from));
        check(dnnl_memory_set_data_handle(this.to, to));
        check(dnnl_primitive_execute(primitive, library.stream(), 2, arguments));
        check(dnnl_stream_wait(library.stream()));
    }

    @Override
    public void close() {
        check(dnnl_primitive_destroy(primitive));
        check(dnnl_memory_destroy(from));
        check(dnnl_memory_destroy(to));
        arguments.close();
    }

    private static dnnl_memory_desc layout(int length, int type) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        check(dnnl_memory_desc_create_with_strides(layout, 1, new long[] {length}, type, new long[] {1}));
        return layout;
    }

    private void argument(int position, int name, dnnl_memory memory, dnnl_memory_desc layout) {
        check(dnnl_memory_create(memory, layout, library.engine(), (Pointer) null));
        check(dnnl_memory_desc_destroy(layout));
        arguments.position(position).arg(name).memory(memory);
    }

    private static void check(int status) {
        OneDnn.check(status, "round numbers");
    }
}
