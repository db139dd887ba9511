//! Consumer groups: which there are, who is in them, how far they have come.

use rdkafka::TopicPartitionList;
use rdkafka::bindings as rd;

use super::admin::{Answer, Asking, Refusal, c_name, elements, partitions_at, refusal, refusal_of, text_at};

/// A group in a list.
pub(crate) struct Listed {
    pub(crate) name: String,
    /// Kafka's name of its state.
    pub(crate) state: String,
}

/// A group and its members.
pub(crate) struct Described {
    pub(crate) state: String,
    /// How partitions are shared out; empty without members.
    pub(crate) assignor: String,
    pub(crate) coordinator: Option<i32>,
    pub(crate) members: Vec<Member>,
}

/// A member of a group.
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) client_id: String,
    /// The name that a static member keeps over restarts.
    pub(crate) instance: Option<String>,
    pub(crate) host: String,
    pub(crate) partitions: Vec<(String, i32)>,
}

/// Topic, partition and the offset that a group goes on with.
pub(crate) type Committed = (String, i32, i64);

/// All groups that the brokers know.
pub(crate) fn list_groups(asking: Asking<'_>) -> Result<Vec<Listed>, Refusal> {
    let kind = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS;
    let answer = asking.ask(kind, |client, options, queue| {
        // SAFETY: options and queue outlive the call.
        unsafe { rd::rd_kafka_ListConsumerGroups(client, options, queue) }
    })?;
    // SAFETY: all that is read belongs to `answer`, which lives to the end of this function.
    unsafe {
        let result = rd::rd_kafka_event_ListConsumerGroups_result(answer.ptr());
        let errors =
            elements(&answer, |length| rd::rd_kafka_ListConsumerGroups_result_errors(result, length));
        errors.iter().try_for_each(|&error| refusal_of(error))?;
        Ok(elements(&answer, |length| rd::rd_kafka_ListConsumerGroups_result_valid(result, length))
            .iter()
            .map(|&group| Listed {
                name: text_at(rd::rd_kafka_ConsumerGroupListing_group_id(group)),
                state: state_name(rd::rd_kafka_ConsumerGroupListing_state(group)),
            })
            .collect())
    }
}

/// A group's state and members.
pub(crate) fn describe_group(asking: Asking<'_>, group: &str) -> Result<Described, Refusal> {
    let name = c_name(group);
    let mut names = [name.as_ptr()];
    let kind = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
    let answer = asking.ask(kind, |client, options, queue| {
        // SAFETY: names, options and queue outlive the call, which copies what it needs of them.
        unsafe {
            rd::rd_kafka_DescribeConsumerGroups(client, names.as_mut_ptr(), names.len(), options, queue);
        }
    })?;
    // SAFETY: all that is read belongs to `answer`, which lives to the end of this function.
    unsafe {
        let result = rd::rd_kafka_event_DescribeConsumerGroups_result(answer.ptr());
        let groups =
            elements(&answer, |length| rd::rd_kafka_DescribeConsumerGroups_result_groups(result, length));
        let Some(&group) = groups.first() else { return Err(unanswered()) };
        refusal_of(rd::rd_kafka_ConsumerGroupDescription_error(group))?;
        let coordinator = rd::rd_kafka_ConsumerGroupDescription_coordinator(group);
        let members = rd::rd_kafka_ConsumerGroupDescription_member_count(group);
        Ok(Described {
            state: state_name(rd::rd_kafka_ConsumerGroupDescription_state(group)),
            assignor: text_at(rd::rd_kafka_ConsumerGroupDescription_partition_assignor(group)),
            coordinator: (!coordinator.is_null()).then(|| rd::rd_kafka_Node_id(coordinator)),
            members: (0..members)
                .map(|index| member(rd::rd_kafka_ConsumerGroupDescription_member(group, index)))
                .collect(),
        })
    }
}

/// # Safety
///
/// `found` lives during the call.
unsafe fn member(found: *const rd::rd_kafka_MemberDescription_t) -> Member {
    // SAFETY: by this function's contract; all that is read belongs to the member.
    unsafe {
        let instance = rd::rd_kafka_MemberDescription_group_instance_id(found);
        let assignment = rd::rd_kafka_MemberDescription_assignment(found);
        let partitions = if assignment.is_null() {
            Vec::new()
        } else {
            partitions_at(rd::rd_kafka_MemberAssignment_partitions(assignment))
        };
        Member {
            id: text_at(rd::rd_kafka_MemberDescription_consumer_id(found)),
            client_id: text_at(rd::rd_kafka_MemberDescription_client_id(found)),
            instance: (!instance.is_null()).then(|| text_at(instance)),
            host: text_at(rd::rd_kafka_MemberDescription_host(found)),
            partitions: partitions.into_iter().map(|(topic, partition, ..)| (topic, partition)).collect(),
        }
    }
}

/// The offsets that a group has committed, of all topics.
pub(crate) fn committed(asking: Asking<'_>, group: &str) -> Result<Vec<Committed>, Refusal> {
    let name = c_name(group);
    let kind = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS;
    let answer = asking.ask(kind, |client, options, queue| {
        // SAFETY: name, options and queue outlive the call, which copies what it needs of them; without a list of
        // partitions all are asked for.
        unsafe {
            let mut wanted = rd::rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), std::ptr::null());
            rd::rd_kafka_ListConsumerGroupOffsets(client, &raw mut wanted, 1, options, queue);
            rd::rd_kafka_ListConsumerGroupOffsets_destroy(wanted);
        }
    })?;
    // SAFETY: all that is read belongs to `answer`.
    let result = unsafe { rd::rd_kafka_event_ListConsumerGroupOffsets_result(answer.ptr()) };
    offsets_in(&answer, |length| {
        // SAFETY: as above; `length` is a place for the number.
        unsafe { rd::rd_kafka_ListConsumerGroupOffsets_result_groups(result, length) }
    })
}

/// Has a group go on at other offsets. The group must have no members.
pub(crate) fn commit(asking: Asking<'_>, group: &str, offsets: &TopicPartitionList) -> Result<(), Refusal> {
    let name = c_name(group);
    let kind = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS;
    let answer = asking.ask(kind, |client, options, queue| {
        // SAFETY: name, offsets, options and queue outlive the call, which copies what it needs of them.
        unsafe {
            let mut wanted = rd::rd_kafka_AlterConsumerGroupOffsets_new(name.as_ptr(), offsets.ptr());
            rd::rd_kafka_AlterConsumerGroupOffsets(client, &raw mut wanted, 1, options, queue);
            rd::rd_kafka_AlterConsumerGroupOffsets_destroy(wanted);
        }
    })?;
    // SAFETY: all that is read belongs to `answer`.
    let result = unsafe { rd::rd_kafka_event_AlterConsumerGroupOffsets_result(answer.ptr()) };
    offsets_in(&answer, |length| {
        // SAFETY: as above; `length` is a place for the number.
        unsafe { rd::rd_kafka_AlterConsumerGroupOffsets_result_groups(result, length) }
    })
    .map(drop)
}

/// The offsets of the one group that `groups` gives of an answer, or why it or one of its partitions was refused.
fn offsets_in(
    answer: &Answer,
    groups: impl FnOnce(*mut usize) -> *mut *const rd::rd_kafka_group_result_t,
) -> Result<Vec<Committed>, Refusal> {
    // SAFETY: the groups belong to `answer`, which outlives this function.
    let partitions = unsafe {
        let Some(&group) = elements(answer, groups).first() else { return Err(unanswered()) };
        refusal_of(rd::rd_kafka_group_result_error(group))?;
        partitions_at(rd::rd_kafka_group_result_partitions(group))
    };
    let mut offsets = Vec::with_capacity(partitions.len());
    for (topic, partition, offset, code) in partitions {
        // SAFETY: there is no text.
        unsafe { refusal(code, std::ptr::null()) }?;
        // A negative offset is librdkafka's word for none.
        if offset >= 0 {
            offsets.push((topic, partition, offset));
        }
    }
    Ok(offsets)
}

fn unanswered() -> Refusal {
    Refusal { code: rdkafka::error::RDKafkaErrorCode::NoEnt, text: None }
}

fn state_name(state: rd::rd_kafka_consumer_group_state_t) -> String {
    // SAFETY: the name is a constant of librdkafka's.
    unsafe { text_at(rd::rd_kafka_consumer_group_state_name(state)) }
}

/// Topic, partition, offset and what stands beside it, of each element of a list. The wrapper panics where that is no
/// text.
pub(crate) fn offsets_with_words(list: &TopicPartitionList) -> Vec<(String, i32, i64, String)> {
    // SAFETY: a list has `cnt` elements at `elems`, which live as long as it does; each has a name that ends in NUL,
    // and `metadata_size` bytes at `metadata`, unless that is null.
    unsafe {
        let list = list.ptr();
        let (start, length) = ((*list).elems, usize::try_from((*list).cnt).unwrap_or(0));
        (0..length)
            .map(|index| &*start.add(index))
            .map(|element| {
                let words = if element.metadata.is_null() {
                    String::new()
                } else {
                    let bytes = std::slice::from_raw_parts(
                        element.metadata.cast::<u8>().cast_const(),
                        element.metadata_size,
                    );
                    String::from_utf8_lossy(bytes).into_owned()
                };
                (text_at(element.topic), element.partition, element.offset, words)
            })
            .collect()
    }
}
