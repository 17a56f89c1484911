package ai.rpo.core.tensor.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_RUNTIME_DIM_VAL;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_data_type_undef;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_sum;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_wait;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.Pointer;

/**
 * A matmul primitive of oneDNN for one shape or for any number of tokens, with memory handles that are aimed anew at
 * every execution. Not safe for concurrent use.
 */
final class Matmul implements Primitive {

    private final OneDnn library;
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_memory a = new dnnl_memory();
    private final dnnl_memory b = new dnnl_memory();
    private final dnnl_memory c = new dnnl_memory();
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(3);
    private MatmulShape aimedAt;

    Matmul(OneDnn library, MatmulShape shape) {
        this.library = library;
        dnnl_memory_desc aLayout = layoutA(shape);
        dnnl_memory_desc bLayout = layoutB(shape);
        dnnl_memory_desc cLayout = layoutC(shape);
        dnnl_primitive_attr attributes = attributes(shape);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        check(dnnl_matmul_primitive_desc_create(
                description, library.engine(), aLayout, bLayout, null, cLayout, attributes));
        check(dnnl_primitive_create(primitive, description));
        check(dnnl_primitive_desc_destroy(description));
        check(dnnl_primitive_attr_destroy(attributes));
        check(dnnl_memory_desc_destroy(aLayout));
        check(dnnl_memory_desc_destroy(bLayout));
        check(dnnl_memory_desc_destroy(cLayout));
    }

    /** @param shape with its number of tokens */
    void execute(MatmulShape shape, Pointer a, Pointer b, Pointer c) {
        if (!shape.equals(aimedAt)) {
            forgetMemory();
            argument(0, DNNL_ARG_SRC, this.a, layoutA(shape));
            argument(1, DNNL_ARG_WEIGHTS, this.b, layoutB(shape));
            argument(2, DNNL_ARG_DST, this.c, layoutC(shape));
            arguments.position(0);
            aimedAt = shape;
        }
        check(dnnl_memory_set_data_handle(this.a, a));
        check(dnnl_memory_set_data_handle(this.b, b));
        check(dnnl_memory_set_data_handle(this.c, c));
        check(dnnl_primitive_execute(primitive, library.stream(), 3, arguments));
        check(dnnl_stream_wait(library.stream()));
    }

    @Override
    public void close() {
        check(dnnl_primitive_destroy(primitive));
        forgetMemory();
        arguments.close();
    }

    private void forgetMemory() {
        if (aimedAt != null) {
            check(dnnl_memory_destroy(a));
            check(dnnl_memory_destroy(b));
            check(dnnl_memory_destroy(c));
            aimedAt = null;
        }
    }

    private static dnnl_memory_desc layoutA(MatmulShape shape) {
        return layout(shape.m(), shape.k(), shape.strideA(), shape.transposeA(), operand(shape));
    }

    private static dnnl_memory_desc layoutB(MatmulShape shape) {
        return layout(shape.k(), shape.n(), shape.strideB(), shape.transposeB(), operand(shape));
    }

    private static dnnl_memory_desc layoutC(MatmulShape shape) {
        return layout(shape.m(), shape.n(), shape.strideC(), false, dnnl_f32);
    }

    private static int operand(MatmulShape shape) {
        return shape.bfloat16() ? dnnl_bf16 : dnnl_f32;
    }

    private static dnnl_memory_desc layout(int rows, int columns, int stride, boolean transposed, int type) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        long[] strides = transposed ? new long[] {1, stride} : new long[] {stride, 1};
        check(dnnl_memory_desc_create_with_strides(
                layout, 2, new long[] {dimension(rows), dimension(columns)}, type, strides));
        return layout;
    }

    private static long dimension(int size) {
        return size == MatmulShape.ANY ? DNNL_RUNTIME_DIM_VAL() : size;
    }

    private static dnnl_primitive_attr attributes(MatmulShape shape) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        check(dnnl_primitive_attr_create(attributes));
        if (shape.accumulate()) {
            dnnl_post_ops add = new dnnl_post_ops();
            check(dnnl_post_ops_create(add));
            check(dnnl_post_ops_append_sum(add, 1, 0, dnnl_data_type_undef));
            check(dnnl_primitive_attr_set_post_ops(attributes, add));
            check(dnnl_post_ops_destroy(add));
        }
        return attributes;
    }

    private void argument(int position, int name, dnnl_memory memory, dnnl_memory_desc layout) {
        check(dnnl_memory_create(memory, layout, library.engine(), (Pointer) null));
        check(dnnl_memory_desc_destroy(layout));
        arguments.position(position).arg(name).memory(memory);
    }

    private static void check(int status) {
        OneDnn.check(status, "multiply matrices");
    }
}
